import type { Home } from '../functions/function/arn.ts'
import type { Catalogue } from '../functions/catalogue/catalogue.ts'
import type { Log } from '../observe/log.ts'
import { createDeletedFunctions, type DeletedFunctions } from './deleted-functions.ts'
import type { RunEvent } from './outcomes/attempt.ts'
import { createCounters, type Counters } from './outcomes/event-counters.ts'
import { createDeliver, type DestinationEndpoints } from './destinations/deliver.ts'
import { createDispatcher, type Dispatcher } from './dispatching/dispatcher.ts'
import type { FailedEvents } from './queue/failed-events.ts'
import type { EventQueue, QueuedEvent } from './queue/event-queue.ts'
import { createRedrive, type Redrive } from './queue/redrive.ts'
import { createSettingsOf } from './outcomes/event-settings.ts'

export interface EventsParts {
  readonly home: Home
  /** The catalogue for invocations. */
  readonly catalogue: Pick<Catalogue, 'find' | 'findVersion'>
  /** The catalogue that knows for certain whether a function exists. */
  readonly currentCatalogue: Pick<Catalogue, 'find'>
  readonly queue: EventQueue
  readonly failedEvents: FailedEvents
  readonly run: RunEvent
  readonly log: Pick<Log, 'warn' | 'error'>
  readonly now: () => number
  readonly settings: EventsSettings
}

/** The server's settings for asynchronous events. */
export interface EventsSettings {
  /** Most events that run concurrently. */
  readonly concurrency: number
  readonly retryDelayMs: number
  readonly maxFailedEvents: number
  readonly destinations: DestinationEndpoints
}

/** Asynchronous events: dispatcher, counters, redrive and destinations. */
export interface Events {
  readonly dispatcher: Dispatcher
  readonly counters: Counters
  readonly failedEvents: FailedEvents
  readonly redrive: Redrive
  readonly deletedFunctions: DeletedFunctions
  /** Sends a record to a destination. */
  readonly deliver: ReturnType<typeof createDeliver>
}

/** Assembles the dispatcher, the destinations and the operator's actions. */
export function openEvents(parts: EventsParts): Events {
  const { home, queue, failedEvents, run, log, now, settings } = parts
  const [settingsOf, counters] = [createSettingsOf(parts.catalogue), createCounters()]
  const accept = (event: QueuedEvent) => dispatcher.accept(event)
  const deliver = createDeliver(settings.destinations, { ...home, accept, settingsOf, now })
  const dispatcher: Dispatcher = createDispatcher({
    ...settings,
    queue,
    run,
    settingsOf,
    deliver,
    counters,
    log,
    now,
  })
  const deletedFunctions = createDeletedFunctions({
    catalogue: parts.currentCatalogue,
    failedEvents,
    counters,
    forget: (functionName) => dispatcher.forget(functionName),
    log,
  })
  const redrive = createRedrive(failedEvents, () => dispatcher.wake())
  return { dispatcher, counters, failedEvents, deliver, redrive, deletedFunctions }
}
