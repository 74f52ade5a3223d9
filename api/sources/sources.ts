import { createCheckpoints } from './polling/checkpoints.ts'
import type { Documents } from '../functions/catalogue/documents.ts'
import type { MissingEndpoint } from '../aws/endpoint.ts'
import type { AwsServices } from '../aws/services.ts'
import type { OpenEntryStream } from './redis-streams/entry-stream.ts'
import type { Leases } from './polling/lease.ts'
import {
  cannotBePolled,
  leaseTimes,
  startMappingRunner,
  type LeaseTimes,
  type MappingRunner,
} from './polling/runner.ts'
import type { MappingState, PolledMapping, PolledMappings, PollSettings } from './mappings/poll-settings.ts'
import { openSource, type AllSourceParts } from './open-source.ts'
import type { SourceKind } from './mappings/mapping.ts'
import { problem } from './mappings/processing-result.ts'
import { createResults, type Results } from './mappings/results.ts'
import type { RunBatch } from './polling/batch-run.ts'
import type { AcceptEvent, DiscardBatch } from './polling/source.ts'

/**
 * Runs event source mappings.
 *
 * 1. read      the stored mappings and their states                    mappings/mapping.ts
 * 2. poll      enabled ones whose lease this server holds              polling/runner.ts
 * 3. filter    records that the function does not want                 filters/filter.ts
 * 4. run       batches of the rest                                     batches/run-batch.ts
 * 5. complete  acknowledge, retry, discard, save the checkpoint        a file per source
 * 6. report    states and processing results                           mappings/polled-mappings.ts
 *
 * Without mappings it is idle until `wake` is called.
 */
export interface Sources {
  /** Reads the mappings at once, since they have changed. */
  wake(): void
  /** Starts polling the stored mappings. */
  start(): void
  /** Stops polling, and waits for running batches. */
  close(): Promise<void>
}

export interface SourcesParts {
  readonly mappings: PolledMappings
  readonly documents: Documents
  readonly leases: Leases
  readonly times?: LeaseTimes
  readonly services: AwsServices
  readonly openEntryStream: OpenEntryStream
  /** Mappings of a kind of source whose service has no endpoint are stored but not polled, and report why. */
  readonly missingEndpoint: (kind: SourceKind) => MissingEndpoint | undefined
  readonly runBatch: (functionArn: string) => RunBatch
  readonly accept: AcceptEvent
  readonly discard: (settings: PollSettings) => DiscardBatch
  readonly warn: (line: string) => void
  /** How often mappings are read that other servers may have changed; absent if there are no others. */
  readonly lookEveryMs?: number
  readonly newId: () => string
  readonly now: () => number
}

const polled: ReadonlySet<MappingState> = new Set(['Creating', 'Enabling', 'Enabled', 'Updating'])
/** How soon mappings are read again after a failure. */
const againMs = 5_000
/** How soon mappings are read again while another server still polls one that is disabled. */
const stoppingMs = 1_000

interface Running {
  readonly runner: MappingRunner
  readonly settings: string
  isStopping: boolean
}

type AllRunning = Map<string, Running>
/** All mappings as last read, polled or not, by their id. */
type AllKnown = Map<string, PollSettings>
/** Mappings that are not polled because an endpoint is missing: the reported reason, and the mapping as it was then. */
type AllUnreachable = Map<string, { readonly reason: string; readonly mapping: string }>

interface Seen {
  readonly running: AllRunning
  readonly known: AllKnown
  readonly unreachable: AllUnreachable
}

/** Creates the event source mappings of a server. Polling starts with `start`. */
export function createSources(parts: SourcesParts): Sources {
  const running: AllRunning = new Map()
  const seen: Seen = { running, known: new Map(), unreachable: new Map() }
  const state = { isOpen: false, hasNews: false, looking: undefined as Promise<void> | undefined }
  let timer: NodeJS.Timeout | undefined

  const lookOnce = async (): Promise<void> => {
    clearTimeout(timer)
    const again = await lookAtMappings(parts, seen, wake).catch((cause: unknown) => {
      parts.warn(`Event source mappings cannot be read: ${String(cause)}`)
      return againMs
    })
    if (again !== undefined && state.isOpen) timer = setTimeout(wake, again).unref()
  }
  const keepLooking = async (): Promise<void> => {
    while (state.hasNews && state.isOpen) {
      state.hasNews = false
      await lookOnce()
    }
    state.looking = undefined
  }
  const wake = (): void => {
    state.hasNews = true
    if (state.isOpen) state.looking ??= keepLooking()
  }
  return {
    wake,
    start() {
      state.isOpen = true
      wake()
    },
    async close() {
      state.isOpen = false
      clearTimeout(timer)
      await state.looking
      await Promise.all([...running.values()].map(({ runner }) => runner.stop()))
      running.clear()
    },
  }
}

/** Starts and stops polling as the mappings demand; returns when to read them again. */
async function lookAtMappings(parts: SourcesParts, seen: Seen, wake: () => void): Promise<number | undefined> {
  const { running } = seen
  const mappings = await parts.mappings.list()
  const enabled = mappings.filter(({ state }) => polled.has(state))
  const isReachable = ({ settings }: PolledMapping) => parts.missingEndpoint(settings.kind) === undefined
  const wanted = new Map(enabled.filter(isReachable).map((each) => [each.settings.uuid, each]))
  for (const { settings } of mappings) seen.known.set(settings.uuid, settings)
  for (const [uuid, each] of running) {
    if (each.isStopping || JSON.stringify(wanted.get(uuid)?.settings) === each.settings) continue
    stop(uuid, parts, running, wake)
  }
  await forgetGone(mappings, parts, seen)
  for (const [uuid, { settings }] of wanted) {
    if (running.has(uuid)) continue
    const runner = start(settings, parts, seen, wake)
    running.set(uuid, { runner, settings: JSON.stringify(settings), isStopping: false })
  }
  let isWaiting = false
  for (const mapping of mappings) {
    const { uuid } = mapping.settings
    if (running.get(uuid)?.isStopping === true) continue
    const isPolled = mapping.state === 'Disabling' && (await parts.leases.isAnyHeld(uuid))
    if (isPolled) isWaiting = true
    else await completeTransition(mapping, parts)
  }
  for (const mapping of enabled) reportUnreachable(mapping, parts, seen.unreachable)
  return isWaiting ? stoppingMs : parts.lookEveryMs
}

/** Stopping may take minutes, until running batches end. Other mappings do not wait for it; the successor of this one does. */
function stop(uuid: string, { warn }: SourcesParts, running: AllRunning, wake: () => void): void {
  const each = running.get(uuid)
  if (each === undefined) return
  each.isStopping = true
  void each.runner
    .stop()
    .catch((cause: unknown) => warn(`Stopping mapping ${uuid} failed: ${String(cause)}`))
    .finally(() => {
      running.delete(uuid)
      wake()
    })
}

/**
 * Removes the checkpoints and groups of mappings that were deleted since they were last read, once no server polls them any
 * more.
 */
async function forgetGone(
  mappings: readonly PolledMapping[],
  parts: SourcesParts,
  { running, known, unreachable }: Seen,
): Promise<void> {
  const present = new Set(mappings.map(({ settings }) => settings.uuid))
  for (const [uuid, settings] of known) {
    if (present.has(uuid) || running.has(uuid) || (await parts.leases.isAnyHeld(uuid))) continue
    known.delete(uuid)
    unreachable.delete(uuid)
    forget(settings, parts).catch((cause: unknown) =>
      parts.warn(`The checkpoints of mapping ${uuid} could not be removed: ${String(cause)}`),
    )
  }
}

async function forget(settings: PollSettings, parts: SourcesParts): Promise<void> {
  await createCheckpoints(parts.documents, settings.uuid).clear()
  if (parts.missingEndpoint(settings.kind) !== undefined) return
  const source = await openSource(partsOfSource(settings, parts, createResults(settings.uuid, parts)))
  await source.remove?.()
}

async function completeTransition({ settings: { uuid }, state }: PolledMapping, parts: SourcesParts): Promise<void> {
  if (state !== 'Enabled' && state !== 'Disabled') await parts.mappings.completeTransition(uuid, state)
}

/** Reports why a mapping is not polled whenever the mapping has changed, and logs it once for each reason. */
function reportUnreachable({ settings, state }: PolledMapping, parts: SourcesParts, reported: AllUnreachable): void {
  const { uuid, kind } = settings
  const reason = parts.missingEndpoint(kind)?.message
  if (reason === undefined) return
  const mapping = JSON.stringify([state, settings])
  const last = reported.get(uuid)
  if (last?.mapping === mapping) return
  reported.set(uuid, { reason, mapping })
  createResults(uuid, parts).report(problem(reason))
  if (last?.reason !== reason) parts.warn(cannotBePolled(uuid, reason))
}

function start(settings: PollSettings, parts: SourcesParts, { known }: Seen, wake: () => void): MappingRunner {
  const { uuid } = settings
  const { leases, mappings, times = leaseTimes } = parts
  const results = createResults(settings.uuid, parts)
  const text = JSON.stringify(settings)
  const isSame = (other: PollSettings | undefined) => JSON.stringify(other) === text
  const renewed = () => {
    const current = known.get(uuid)
    return current === undefined || isSame(current) ? undefined : partsOfSource(current, parts, results)
  }
  const isCurrent = async () => {
    const found = await mappings.find(uuid)
    const isAsHere = found !== undefined && polled.has(found.state) && isSame(found.settings)
    if (!isAsHere) wake()
    return isAsHere
  }
  const open = () => openSource({ ...partsOfSource(settings, parts, results), renewed })
  return startMappingRunner({ uuid, open, leases, times, isCurrent, ...results })
}

function partsOfSource(settings: PollSettings, parts: SourcesParts, results: Results): AllSourceParts {
  const { services, openEntryStream, accept, newId, now } = parts
  return {
    settings,
    services,
    openEntryStream,
    accept,
    newId,
    now,
    run: parts.runBatch(settings.functionArn),
    checkpoints: createCheckpoints(parts.documents, settings.uuid),
    discard: parts.discard(settings),
    ...results,
    renewed: () => undefined,
  }
}
