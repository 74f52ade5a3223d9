import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { fakeDocuments } from '../functions/catalogue/documents.fake.ts'
import type { PollSettings } from './mappings/poll-settings.ts'
import { createSources, type Sources, type SourcesParts } from './sources.ts'
import { eventually } from './testing/eventually.ts'
import {
  aMapping,
  fakeMappings,
  fakeFunction,
  sourcesParts,
  type Answer,
  type FakeMappings,
} from './testing/samples.ts'

/** The source under test, empty at first. */
export interface TestedSource {
  readonly settings: Partial<PollSettings>
  /** Sets the lease times if leases as short as those of the contract are lost on a busy machine. */
  readonly parts: Partial<Pick<SourcesParts, 'services' | 'openEntryStream' | 'times'>>
  /** Sends texts of one group, in order. */
  send(group: string, texts: readonly string[]): Promise<unknown>
  /** Returns the texts of an event's records. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each kind reads the members of its own
  textsOf(event: any): readonly string[]
  /** Makes the records of a failed batch visible at once, if they would be hidden for a while. */
  comeBack?(event: unknown): Promise<unknown>
  /** Makes the source unreachable, and reachable again. */
  cut(): Promise<unknown>
  mend(): Promise<unknown>
  close?(): Promise<unknown>
}

/** Tests a kind of source against the contract that all sources share. */
export function describeSource(name: string, open: () => Promise<TestedSource>): void {
  describe(`a mapping of ${name}`, () => {
    let source: TestedSource
    let mappings: FakeMappings
    let settings: PollSettings
    let documents: SourcesParts['documents']
    let seen: string[]
    let respond: (event: unknown) => Answer
    let sources: Sources
    beforeEach(async () => {
      source = await open()
      mappings = fakeMappings()
      documents = fakeDocuments()
      settings = aMapping({ uuid: randomUUID(), ...source.settings })
      mappings.put(settings, 'Creating')
      seen = []
      respond = take
      start()
    })
    afterEach(async () => {
      await sources.close()
      await source.close?.()
    })

    const take = (event: unknown): Answer => {
      seen.push(...source.textsOf(event))
      return {}
    }
    const start = (): void => {
      const times = { leaseMs: 500, tickMs: 100 }
      const runBatch = () => fakeFunction((event) => respond(event))
      sources = createSources(sourcesParts(mappings, { documents, times, ...source.parts, runBatch }))
      sources.start()
    }
    const change = (state: 'Disabling' | 'Enabling') => {
      mappings.put(settings, state)
      sources.wake()
    }
    const textsOf = (group: string, count: number, from = 0) =>
      Array.from({ length: count }, (_, index) => `${group}${String(from + index)}`)
    const hasSeen = (texts: readonly string[]) => eventually(() => texts.every((text) => seen.includes(text)))

    test('runs every record, those of a group in order, and is Enabled', async () => {
      const groups = ['a', 'b', 'c']
      for (const group of groups) await source.send(group, textsOf(group, 12))
      await hasSeen(groups.flatMap((group) => textsOf(group, 12)))
      for (const group of groups) expect(seen.filter((text) => text.startsWith(group))).toEqual(textsOf(group, 12))
      expect(mappings.stateOf(settings.uuid)).toBe('Enabled')
    })

    test('retries a batch that failed, or could not be run, before the records that follow it', async () => {
      const answers: Answer[] = [{ functionError: 'Unhandled' }, 'refused']
      const failed: string[] = []
      respond = (event) => {
        const answer = answers.shift()
        if (answer === undefined) return take(event)
        failed.push(...source.textsOf(event))
        void source.comeBack?.(event)
        return answer
      }
      await source.send('a', textsOf('a', 3))
      await eventually(() => answers.length === 0)
      await source.send('a', textsOf('a', 3, 3))
      await hasSeen(textsOf('a', 6))
      expect(failed[0]).toBe('a0')
      expect(seen).toEqual(textsOf('a', 6))
    })

    test('resumes after a restart behind the completed records', async () => {
      await source.send('a', textsOf('a', 3))
      await hasSeen(textsOf('a', 3))
      await sources.close()
      await source.send('a', textsOf('a', 3, 3))
      start()
      await hasSeen(textsOf('a', 6))
      expect(seen).toEqual(textsOf('a', 6))
    })

    test('that is disabled runs nothing, and runs the records sent meanwhile once it is enabled', async () => {
      await source.send('a', ['a0'])
      await hasSeen(['a0'])
      change('Disabling')
      await eventually(() => mappings.stateOf(settings.uuid) === 'Disabled')
      await source.send('a', textsOf('a', 3, 1))
      expect(seen).toEqual(['a0'])
      change('Enabling')
      await hasSeen(textsOf('a', 4))
      expect(seen).toEqual(textsOf('a', 4))
      expect(mappings.stateOf(settings.uuid)).toBe('Enabled')
    })

    test('reports that its source is unreachable, and resumes when it is back', async () => {
      await source.send('a', ['a0'])
      await hasSeen(['a0'])
      await source.cut()
      const unreachable = 'PROBLEM: Connection error. Please check your event source connection configuration.'
      await eventually(() => mappings.resultOf(settings.uuid) === unreachable)
      expect(mappings.stateOf(settings.uuid)).toBe('Enabled')
      await source.mend()
      await eventually(() => mappings.resultOf(settings.uuid) !== unreachable)
      await source.send('a', ['a1'])
      await hasSeen(['a1'])
    })

    test('whose source was unreachable for an earlier server no longer reports it once it is reached', async () => {
      await sources.close()
      await mappings.report(settings.uuid, 'PROBLEM: Connection error.')
      start()
      await eventually(() => mappings.resultOf(settings.uuid)?.startsWith('PROBLEM') !== true)
    })
  })
}
