import { randomUUID } from 'node:crypto'
import { fakeDocuments } from '../../functions/catalogue/documents.fake.ts'
import { createCheckpoints } from '../polling/checkpoints.ts'
import { createLocalLeases } from '../polling/local-leases.ts'
import { firstResult, isUnreachableResult } from '../mappings/processing-result.ts'
import type { MappingState, PolledMapping, PolledMappings, PollSettings } from '../mappings/poll-settings.ts'
import type { BatchRun, RunBatch } from '../polling/batch-run.ts'
import type { AllSourceParts } from '../open-source.ts'
import type { SourcesParts } from '../sources.ts'
import type { AwsServices } from '../../aws/services.ts'

/** Services for tests that do not call any. */
export const unusedServices: AwsServices = {
  call: () => Promise.reject(new Error('not asked')),
  presign: () => Promise.reject(new Error('not asked')),
}

/** Settings of a mapping with AWS's defaults for queues. */
export function aMapping(settings: Partial<PollSettings> = {}): PollSettings {
  return {
    uuid: '8d5a1f0e-0000-4000-8000-000000000001',
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    kind: 'sqs',
    sourceArn: '',
    enabledMs: 0,
    batchSize: 10,
    batchingWindowSeconds: 0,
    filters: [],
    reportsItemFailures: false,
    parallelizationFactor: 1,
    bisectsOnError: false,
    maximumRetryAttempts: -1,
    maximumRecordAgeSeconds: -1,
    tumblingWindowSeconds: 0,
    startingPosition: 'TRIM_HORIZON',
    kafka: { bootstrapServers: [], topics: [], consumerGroupId: '', access: [], hasSchemaRegistry: false },
    ...settings,
  }
}

/** What a fake function answers to an event. */
export type Answer = { readonly payload?: unknown; readonly functionError?: string } | 'refused'

/** A fake function; `respond` answers each event. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read the members that they expect
export function fakeFunction(respond: (event: any) => Answer | Promise<Answer> = () => ({})): RunBatch {
  let calls = 0
  const run = async (event: object): Promise<BatchRun> => {
    const requestId = `request-${++calls}`
    const answer = await respond(JSON.parse(JSON.stringify(event)))
    if (answer === 'refused') return { kind: 'refused', requestId, reason: 'Rate Exceeded.' }
    const payload = Buffer.from(answer.payload === undefined ? 'null' : JSON.stringify(answer.payload))
    const failure = answer.functionError === undefined ? {} : { functionError: answer.functionError }
    return { kind: 'ran', requestId, payload, executedVersion: '$LATEST', ...failure }
  }
  return Object.assign(run, {
    target: async () => ({ timeoutSeconds: 3, roleArn: 'arn:aws:iam::000000000000:role/r' }),
  })
}

/** The dependencies of a source, with the services of the test. */
export function sourceParts(
  services: AwsServices,
  settings: Partial<PollSettings>,
  run: RunBatch,
  others: Partial<AllSourceParts> = {},
): AllSourceParts {
  const mapping = aMapping(settings)
  return {
    settings: mapping,
    services,
    run,
    checkpoints: createCheckpoints(fakeDocuments(), mapping.uuid),
    discard: async () => undefined,
    accept: async () => undefined,
    openEntryStream: async () => undefined,
    report: () => undefined,
    reached: () => undefined,
    lost: () => undefined,
    renewed: () => undefined,
    newId: randomUUID,
    now: Date.now,
    ...others,
  }
}

/** The dependencies of running mappings: in memory and without services, unless given. */
export function sourcesParts(mappings: PolledMappings, others: Partial<SourcesParts> = {}): SourcesParts {
  return {
    mappings,
    documents: fakeDocuments(),
    leases: createLocalLeases(Date.now),
    services: unusedServices,
    openEntryStream: async () => undefined,
    runBatch: () => fakeFunction(),
    accept: async () => undefined,
    discard: () => async () => undefined,
    missingEndpoint: () => undefined,
    newId: randomUUID,
    warn: () => undefined,
    now: Date.now,
    ...others,
  }
}

export interface FakeMappings extends PolledMappings {
  put(settings: PollSettings, state: MappingState): void
  remove(uuid: string): void
  stateOf(uuid: string): MappingState | undefined
  resultOf(uuid: string): string | undefined
}

/** Mappings in memory. */
export function fakeMappings(): FakeMappings {
  const mappings = new Map<string, PolledMapping & { result?: string | undefined }>()
  return {
    put: (settings, state) => void mappings.set(settings.uuid, { settings, state }),
    remove: (uuid) => void mappings.delete(uuid),
    stateOf: (uuid) => mappings.get(uuid)?.state,
    resultOf: (uuid) => mappings.get(uuid)?.result,
    list: async () => [...mappings.values()],
    find: async (uuid) => mappings.get(uuid),
    completeTransition: async (uuid, transition) => {
      const found = mappings.get(uuid)
      const state = transition === 'Disabling' ? 'Disabled' : 'Enabled'
      if (found?.state === transition) mappings.set(uuid, { ...found, state })
    },
    report: async (uuid, result) => {
      const found = mappings.get(uuid)
      if (found !== undefined) mappings.set(uuid, { ...found, result })
    },
    recover: async (uuid) => {
      const found = mappings.get(uuid)
      if (isUnreachableResult(found?.result) && found)
        mappings.set(uuid, { ...found, result: firstResult(found.settings.kind) })
    },
  }
}
