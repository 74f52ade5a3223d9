import { reportedFailures } from '../batches/partial-response.ts'
import { createFilter } from '../filters/filter.ts'
import { longestChain, splitByLoop } from './message-chain.ts'
import { isOver } from '../polling/pause.ts'
import { splitBySize } from '../batches/batch-size.ts'
import { SourceFault, type Source, type SourceParts } from '../polling/source.ts'
import { runWorkers } from './workers.ts'
import { sqsRecord, type SqsMessage } from './message.ts'
import { maxPerCall, openSqsQueue, type SqsQueue } from './queue.ts'

/** The longest that SQS lets a receive wait, and hides a message. */
const longestWaitSeconds = 20
const longestVisibilitySeconds = 43_200
/** What the function's timeout and the window are extended by, so that no message comes back while it is run. */
const visibilityMarginSeconds = 30
/** Workers beside the first look so long for messages before they leave. */
const helperWaitSeconds = 1
const maxWorkers = 1000
/** How often the settings of the queue and of the function are read again. */
const refreshMs = 60_000

/**
 * Runs the messages of a queue, standard or FIFO (reference 8.2).
 *
 * 1. receive   up to the batch size, or until the window ends
 * 2. filter    what does not fit is removed
 * 3. run       the rest, up to 6 MB at once, as calls of the chain that led to them      message-chain.ts
 * 4. remove    what went well; the rest comes back when its visibility timeout ends
 *
 * A FIFO queue hands out no more of a group while messages of it are hidden, so that its order holds.
 */
export function createSqsSource(parts: SourceParts): Source {
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
      await runWorkers({ most, now: parts.now, signal }, async (isFirst, inner) => {
        const wait = isFirst ? longestWaitSeconds : helperWaitSeconds
        const messages = await gather(queue, { parts, wait, hidden: await visibility() }, inner)
        return { isBusy: messages.length > 0, work: () => runMessages(queue, messages, parts) }
      })
    },
  }
}

/** Hides messages as the queue says, or for as long as their batch may take when that is longer; asked anew each minute. */
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

interface Gathering {
  readonly parts: SourceParts
  readonly wait: number
  readonly hidden: number
}

async function gather(queue: SqsQueue, how: Gathering, signal: AbortSignal): Promise<SqsMessage[]> {
  const { settings, now } = how.parts
  const messages: SqsMessage[] = []
  const receive = async (waitSeconds: number) => {
    const most = Math.min(maxPerCall, settings.batchSize - messages.length)
    messages.push(...(await queue.receive({ most, waitSeconds, visibilitySeconds: how.hidden }, signal)))
  }
  await receive(how.wait)
  const endMs = now() + settings.batchingWindowSeconds * 1000
  while (messages.length > 0 && messages.length < settings.batchSize && now() < endMs && !signal.aborted) {
    if (splitBySize(messages).length > 1) break
    try {
      await receive(Math.min(longestWaitSeconds, Math.ceil((endMs - now()) / 1000)))
    } catch (error) {
      // What was received is run all the same: it would stay hidden otherwise.
      if (!isOver(signal)) throw error
    }
  }
  return messages
}

/** Answers whether the function could be run. */
async function runMessages(queue: SqsQueue, messages: SqsMessage[], parts: SourceParts): Promise<boolean> {
  const arn = parts.settings.sourceArn
  const passes = createFilter(parts.settings.filters, { key: 'body' })
  const isFor = (message: SqsMessage) => passes(sqsRecord(message, arn), message.Body)
  const [wanted, unwanted] = [messages.filter(isFor), messages.filter((message) => !isFor(message))]
  await queue.remove(unwanted)
  const batches = splitByLoop(wanted, parts.settings.functionArn).flatMap(splitBySize)
  for (const batch of batches) {
    const done = await runOnce(batch, parts)
    if (done === undefined) return false
    await queue.remove(done)
    // The rest of a batch of a FIFO queue may not overtake what has failed.
    if (done.length < batch.length && arn.endsWith('.fifo')) return true
  }
  return true
}

/** Answers the messages that are done with; nothing when the function could not be run at all. */
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
