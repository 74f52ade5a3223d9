import { reportedFailures } from '../batches/partial-response.ts'
import { createFilter } from '../filters/filter.ts'
import { longestChain, splitByLoop } from './message-chain.ts'
import { isOver } from '../polling/pause.ts'
import { splitBySize } from '../batches/batch-size.ts'
import { SourceFault, type Source, type SourceParts } from '../polling/source.ts'
import { runWorkers } from './workers.ts'
import { sqsRecord, type SqsMessage } from './message.ts'
import { maxPerCall, openSqsQueue, type SqsQueue } from './queue.ts'

/**
 * How long a poll waits for messages. Lambda waits 20 s, SQS's limit. Who stops a mapping waits for its open poll, and an idle
 * queue still costs fewer calls than Lambda's five pollers.
 */
const longestWaitSeconds = 5
/** How long after the end of its wait a poll may still answer once polling has stopped. */
const answerMs = 5_000
/** SQS's limit. */
const longestVisibilitySeconds = 43_200
/** Added to the function's timeout and the batching window, so that no message becomes visible while it is run. */
const visibilityMarginSeconds = 30
/** How long additional workers wait for messages before they end. */
const helperWaitSeconds = 1
const maxWorkers = 1000
/** How often the settings of the queue and of the function are reloaded. */
const refreshMs = 60_000

/**
 * Runs the messages of a queue, standard or FIFO (reference 8.2).
 *
 * 1. receive   up to the batch size, or until the window ends
 * 2. filter    messages that do not match are deleted
 * 3. run       the rest, up to 6 MB at once, in the invocation chain of the messages   message-chain.ts
 * 4. delete    messages that succeeded; the rest becomes visible after the visibility timeout
 *
 * A FIFO queue delivers no messages of a group while others of it are hidden, which preserves the order.
 *
 * SQS hands messages to a poll whose caller has left, which counts as a receive and hides them. So an open poll is not broken
 * off when polling stops: what it brings is run with the mapping's settings of then. What cannot be run is given back.
 */
export function createSqsSource(parts: SourceParts, waitSeconds = longestWaitSeconds): Source {
  const { settings, services, reached } = parts
  const arn = settings.sourceArn
  return {
    parts: () => Promise.resolve(['queue']),
    async poll(_part, _lease, signal) {
      const queue = await openSqsQueue(arn, services)
      const visibility = createVisibility(queue, parts)
      await visibility()
      reached()
      const most = settings.maximumConcurrency ?? maxWorkers
      const abandoning = abortedAfter(signal, waitSeconds * 1000 + answerMs)
      await runWorkers({ most, now: parts.now, signal }, async (isFirst, inner) => {
        const wait = isFirst ? waitSeconds : helperWaitSeconds
        const hidden = await visibility()
        const messages = isOver(inner) ? [] : await gather(queue, { parts, wait, hidden, abandoning }, inner)
        const work = () => runMessages(queue, messages, (isOver(signal) ? parts.renewed() : undefined) ?? parts, signal)
        return { isBusy: messages.length > 0, work }
      })
    },
  }
}

/** The visibility timeout: that of the queue, or the longest duration of a batch if that is longer. Reloaded each minute. */
function createVisibility(queue: SqsQueue, { settings, run, now }: SourceParts): () => Promise<number> {
  let known: Promise<number> | undefined
  let untilMs = 0
  const read = async () => {
    const target = await run.target()
    if (target === undefined) throw new SourceFault('Function does not exist')
    const needed = settings.batchingWindowSeconds + target.timeoutSeconds + visibilityMarginSeconds
    return Math.min(Math.max(await queue.visibilitySeconds(), needed), longestVisibilitySeconds)
  }
  return () => {
    if (known === undefined || now() >= untilMs) {
      known = read()
      untilMs = now() + refreshMs
    }
    return known
  }
}

/** A signal that aborts so long after another one. */
function abortedAfter(signal: AbortSignal, ms: number): AbortSignal {
  const late = new AbortController()
  const abortLater = () => setTimeout(() => late.abort(signal.reason), ms).unref()
  if (signal.aborted) abortLater()
  else signal.addEventListener('abort', abortLater, { once: true })
  return late.signal
}

interface Gathering {
  readonly parts: SourceParts
  readonly wait: number
  readonly hidden: number
  /** Breaks off an open poll. */
  readonly abandoning: AbortSignal
}

async function gather(queue: SqsQueue, how: Gathering, signal: AbortSignal): Promise<SqsMessage[]> {
  const { settings, now } = how.parts
  const messages: SqsMessage[] = []
  const receive = async (waitSeconds: number) => {
    const most = Math.min(maxPerCall, settings.batchSize - messages.length)
    messages.push(...(await queue.receive({ most, waitSeconds, visibilitySeconds: how.hidden }, how.abandoning)))
  }
  await receive(how.wait)
  const endMs = now() + settings.batchingWindowSeconds * 1000
  while (messages.length > 0 && messages.length < settings.batchSize && now() < endMs && !signal.aborted) {
    if (splitBySize(messages).length > 1) break
    try {
      await receive(Math.min(longestWaitSeconds, Math.ceil((endMs - now()) / 1000)))
    } catch {
      // Received messages are run anyway: otherwise they would stay hidden. The next poll fails, too, if the queue is out of reach.
      break
    }
  }
  return messages
}

/** Returns whether the function could be run. Once the signal has aborted, messages that could not be run are given back. */
async function runMessages(
  queue: SqsQueue,
  messages: readonly SqsMessage[],
  parts: SourceParts,
  signal: AbortSignal,
): Promise<boolean> {
  const arn = parts.settings.sourceArn
  const passes = createFilter(parts.settings.filters, { key: 'body' })
  const isFor = (message: SqsMessage) => passes(sqsRecord(message, arn), message.Body)
  const [wanted, unwanted] = [messages.filter(isFor), messages.filter((message) => !isFor(message))]
  await queue.remove(unwanted)
  const batches = splitByLoop(wanted, parts.settings.functionArn).flatMap(splitBySize)
  for (const [index, batch] of batches.entries()) {
    const done = await runOnce(batch, parts)
    if (done === undefined) {
      if (isOver(signal)) await queue.giveBack(batches.slice(index).flat())
      return false
    }
    await queue.remove(done)
    // The rest of a FIFO batch must not overtake a failed message.
    if (done.length < batch.length && arn.endsWith('.fifo')) return true
  }
  return true
}

/** Returns the messages that are complete; undefined if the function could not be run. */
async function runOnce(
  batch: readonly SqsMessage[],
  { settings, run }: SourceParts,
): Promise<SqsMessage[] | undefined> {
  const Records = batch.map((message) => sqsRecord(message, settings.sourceArn))
  const result = await run({ Records }, longestChain(batch, settings.functionArn))
  if (result.kind === 'refused') return result.isLoop === true ? [] : undefined
  if (result.functionError !== undefined) return []
  if (!settings.reportsItemFailures) return [...batch]
  const failed = reportedFailures(result.payload, new Set(batch.map(({ MessageId }) => MessageId)))
  return failed === 'all' ? [] : batch.filter(({ MessageId }) => !failed.has(MessageId))
}
