import { createHash } from 'node:crypto'
import { traceHeader } from '../../invoke/trace-header.ts'
import type { Lease } from '../polling/lease.ts'
import { isOver, pause } from '../polling/pause.ts'
import { readScheduleArn } from './arn.ts'
import { parseSchedule, type Schedule } from './expression.ts'
import { SourceFault, type Source, type SourceParts } from '../polling/source.ts'

/** The longest sleep, so that a change of the clock is noticed. */
const maxSleepMs = 60_000
/** How long the id of the last tick is remembered. */
const maxLookaheadMs = 400 * 24 * 60 * 60_000

/**
 * Sends an asynchronous event to the function whenever a schedule is due.
 *
 * 1. due     the latest time since the last tick, or since the mapping was enabled; earlier missed ticks are skipped
 * 2. accept  as a durable event; its id is derived from mapping and time, and remembered until the next tick
 * 3. save    the last tick
 *
 * If a server dies between 2 and 3, the next one accepts the tick again, which is ignored because of its id.
 */
export function createScheduleSource(parts: SourceParts): Source {
  return {
    parts: () => Promise.resolve(['schedule']),
    poll: (part, lease, signal) => keepTicking(part, lease, parts, signal),
  }
}

async function keepTicking(part: string, lease: Lease, parts: SourceParts, signal: AbortSignal): Promise<void> {
  const { settings, checkpoints, now } = parts
  const { ruleArn = '', expression = '' } = readScheduleArn(settings.sourceArn) ?? {}
  const schedule = parseSchedule(expression, Math.floor(settings.enabledMs / 1000) * 1000)
  if (schedule === undefined) throw new SourceFault('Parameter ScheduleExpression is not valid.')
  const lastMs = Number((await checkpoints.find(part))?.sequenceNumber ?? 0)
  let sinceMs = Math.max(settings.enabledMs, lastMs)
  while (!isOver(signal)) {
    const dueMs = schedule.latest(sinceMs, now())
    if (dueMs !== undefined) {
      await accept(dueMs, ruleArn, schedule, parts)
      const isMine = await checkpoints.save(part, { sequenceNumber: String(dueMs) }, lease.fence)
      if (!isMine) throw new Error('Another server runs the schedule.')
      parts.report('OK')
      sinceMs = dueMs
    }
    await sleep(schedule.next(Math.max(sinceMs, now())) ?? Infinity, parts, signal)
  }
}

/** Sleeps until that time, or until the clock was set back. */
async function sleep(untilMs: number, { now }: SourceParts, signal: AbortSignal): Promise<void> {
  const startMs = now()
  while (!signal.aborted && now() >= startMs && now() < untilMs)
    await pause(Math.min(untilMs - now(), maxSleepMs), signal)
}

async function accept(dueMs: number, ruleArn: string, schedule: Schedule, parts: SourceParts): Promise<void> {
  const { settings, run, now } = parts
  if ((await run.target()) === undefined) throw new SourceFault('Function does not exist')
  const { uuid, functionArn } = settings
  const [, , , , , , functionName = '', qualifier] = functionArn.split(':')
  const id = tickId(uuid, dueMs)
  const event = {
    id,
    functionName,
    functionArn,
    payload: Buffer.from(JSON.stringify(scheduledEvent(id, dueMs, ruleArn))),
    acceptedMs: now(),
    traceId: traceHeader(undefined, now()),
    ...(qualifier === undefined ? {} : { qualifier }),
  }
  const nextMs = schedule.next(dueMs) ?? Infinity
  await parts.accept(event, Math.min(nextMs - now() + maxSleepMs, maxLookaheadMs))
}

/** The event that EventBridge sends for a schedule. */
function scheduledEvent(id: string, dueMs: number, ruleArn: string): object {
  const [, , , region, account] = ruleArn.split(':')
  return {
    version: '0',
    id,
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account,
    time: `${new Date(dueMs).toISOString().slice(0, 19)}Z`,
    region,
    resources: [ruleArn],
    detail: {},
  }
}

/** A version 5 UUID, the same for the same mapping and time. */
function tickId(uuid: string, dueMs: number): string {
  const namespace = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  const digits = createHash('sha1').update(namespace).update(String(dueMs)).digest('hex')
  const variant = ((Number.parseInt(digits.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
  const middle = [digits.slice(8, 12), `5${digits.slice(13, 16)}`, `${variant}${digits.slice(18, 20)}`]
  return [digits.slice(0, 8), ...middle, digits.slice(20, 32)].join('-')
}
