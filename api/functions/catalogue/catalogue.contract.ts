import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Catalogue } from './catalogue.ts'
import { aFunction, aVersion } from '../testing/samples.ts'

/** A catalogue under test, and how to reopen it as after a restart. */
export interface OpenedCatalogue {
  readonly catalogue: Catalogue
  /** Closes this one and opens another one on the same data. */
  reopen(): Promise<Catalogue>
  close(): Promise<void>
}

/** Tests an implementation of the catalogue against the contract; `open` returns an empty one. */
export function describeCatalogue(name: string, open: () => Promise<OpenedCatalogue>): void {
  describe(`${name} as a catalogue`, () => {
    let opened: OpenedCatalogue
    let catalogue: Catalogue
    beforeEach(async () => {
      opened = await open()
      catalogue = opened.catalogue
    })
    afterEach(() => opened.close())

    test('finds what was saved, as it was saved', async () => {
      const record = aFunction('f')
      expect(await catalogue.save({ record, expectedRevision: 0 })).toBe(true)
      expect((await catalogue.find('f'))?.value).toEqual(record)
      expect(await catalogue.find('g')).toBeUndefined()
    })

    test('keeps everything across a restart', async () => {
      const record = aFunction('f', { versions: ['1'] })
      await catalogue.save({ record, expectedRevision: 0, versions: [aVersion('1')] })
      const again = await opened.reopen()
      expect((await again.find('f'))?.value).toEqual(record)
      expect(await again.findVersion('f', '1')).toEqual(aVersion('1'))
    })

    test('creates a function once', async () => {
      const saves = ['first', 'second'].map((A) =>
        catalogue.save({ record: aFunction('f', { tags: { A } }), expectedRevision: 0 }),
      )
      expect(await Promise.all(saves)).toEqual([true, false])
      expect((await catalogue.find('f'))?.value.tags).toEqual({ A: 'first' })
    })

    test('accepts one of two changes computed from the same revision, and nothing of the other', async () => {
      await catalogue.save({ record: aFunction('f'), expectedRevision: 0 })
      const expectedRevision = (await catalogue.find('f'))?.revision ?? 0
      const change = (version: string) => ({
        record: aFunction('f', { versions: [version] }),
        expectedRevision,
        versions: [aVersion(version)],
      })
      expect(await catalogue.save(change('1'))).toBe(true)
      expect(await catalogue.save(change('2'))).toBe(false)
      const found = await catalogue.find('f')
      expect(found?.value.versions).toEqual(['1'])
      expect(found?.revision).toBeGreaterThan(expectedRevision)
      expect(await catalogue.findVersion('f', '2')).toBeUndefined()
    })

    test('refuses a change computed before the function was removed and created again', async () => {
      await catalogue.save({ record: aFunction('f'), expectedRevision: 0 })
      const before = (await catalogue.find('f'))?.revision ?? 0
      await catalogue.remove('f', before)
      await catalogue.save({ record: aFunction('f'), expectedRevision: 0 })
      expect(await catalogue.save({ record: aFunction('f'), expectedRevision: before })).toBe(false)
      expect(await catalogue.remove('f', before)).toBe(false)
    })

    test('changes and removes the versions that a save names', async () => {
      const versions = [aVersion('1'), aVersion('2')]
      await catalogue.save({ record: aFunction('f', { versions: ['1', '2'] }), expectedRevision: 0, versions })
      const revision = (await catalogue.find('f'))?.revision ?? 0
      const changed = { ...aVersion('2'), state: 'Inactive' as const }
      const record = aFunction('f', { versions: ['2'] })
      await catalogue.save({ record, expectedRevision: revision, versions: [changed], removedVersions: ['1'] })
      expect(await catalogue.findVersion('f', '1')).toBeUndefined()
      expect(await catalogue.findVersion('f', '2')).toEqual(changed)
    })

    test('removes a function with its versions, and no other', async () => {
      for (const name of ['f', 'ff']) {
        await catalogue.save({
          record: aFunction(name, { versions: ['1'] }),
          expectedRevision: 0,
          versions: [aVersion('1')],
        })
      }
      expect(await catalogue.remove('f', 1000)).toBe(false)
      expect(await catalogue.remove('f', (await catalogue.find('f'))?.revision ?? 0)).toBe(true)
      expect(await catalogue.find('f')).toBeUndefined()
      expect(await catalogue.findVersion('f', '1')).toBeUndefined()
      expect(await catalogue.findVersion('ff', '1')).toBeDefined()
    })

    test('lists by name in byte order, page by page', async () => {
      for (const name of ['b', 'a-1', 'B', 'a_1', 'a1'])
        await catalogue.save({ record: aFunction(name), expectedRevision: 0 })
      const names = async (page: { after?: string; limit: number }) =>
        (await catalogue.list(page)).map((record) => record.name)
      expect(await names({ limit: 10 })).toEqual(['B', 'a-1', 'a1', 'a_1', 'b'])
      expect(await names({ limit: 2 })).toEqual(['B', 'a-1'])
      expect(await names({ after: 'a-1', limit: 2 })).toEqual(['a1', 'a_1'])
      expect(await names({ after: 'b', limit: 2 })).toEqual([])
    })

    test('counts functions, and code bytes over all versions', async () => {
      expect(await catalogue.usage()).toEqual({ functionCount: 0, codeBytes: 0 })
      await catalogue.save({
        record: aFunction('f'),
        expectedRevision: 0,
        versions: [aVersion('1', 20), aVersion('2', 3)],
      })
      await catalogue.save({ record: aFunction('g'), expectedRevision: 0 })
      expect(await catalogue.usage()).toEqual({ functionCount: 2, codeBytes: 223 })
    })

    test('names the functions whose deployment is under way', async () => {
      const pending = { ...aVersion('$LATEST'), state: 'Pending' as const }
      const updating = { ...aVersion('$LATEST'), updateStatus: 'InProgress' as const }
      await catalogue.save({ record: aFunction('created', { latest: pending }), expectedRevision: 0 })
      await catalogue.save({ record: aFunction('updated', { latest: updating }), expectedRevision: 0 })
      await catalogue.save({ record: aFunction('settled'), expectedRevision: 0 })
      await catalogue.save({
        record: aFunction('published', { versions: ['1'], activating: { 1: 'g' } }),
        expectedRevision: 0,
      })
      expect((await catalogue.underWay()).toSorted()).toEqual(['created', 'published', 'updated'])
      await catalogue.save({
        record: aFunction('created'),
        expectedRevision: (await catalogue.find('created'))!.revision,
      })
      await catalogue.remove('updated', (await catalogue.find('updated'))!.revision)
      await catalogue.remove('published', (await catalogue.find('published'))!.revision)
      expect(await catalogue.underWay()).toEqual([])
    })

    test('names the functions on a capacity provider, page by page, until they leave it', async () => {
      for (const name of ['b', 'a-1', 'B'])
        await catalogue.save({ record: aFunction(name, { capacity: { $LATEST: 'p' } }), expectedRevision: 0 })
      const both = aFunction('both', { versions: ['1'], capacity: { $LATEST: 'p-2', 1: 'p' } })
      await catalogue.save({ record: both, expectedRevision: 0 })
      await catalogue.save({ record: aFunction('none'), expectedRevision: 0 })
      expect(await catalogue.onCapacityProvider('p', { limit: 10 })).toEqual(['B', 'a-1', 'b', 'both'])
      expect(await catalogue.onCapacityProvider('p', { limit: 2 })).toEqual(['B', 'a-1'])
      expect(await catalogue.onCapacityProvider('p', { after: 'a-1', limit: 1 })).toEqual(['b'])
      expect(await catalogue.onCapacityProvider('p-2', { limit: 10 })).toEqual(['both'])
      const revision = async (name: string) => (await catalogue.find(name))!.revision
      await catalogue.save({
        record: aFunction('both', { capacity: { $LATEST: 'p-2' } }),
        expectedRevision: await revision('both'),
      })
      await catalogue.remove('B', await revision('B'))
      expect(await catalogue.onCapacityProvider('p', { limit: 10 })).toEqual(['a-1', 'b'])
      expect(await (await opened.reopen()).onCapacityProvider('p-2', { limit: 10 })).toEqual(['both'])
    })
  })
}
