import { DatabaseSync } from 'node:sqlite'
import { openClient, type Client } from '../measuring/client.ts'
import { createFunction, invokeLater, type Source } from '../measuring/functions.ts'
import type { RunningRedis } from '../servers/redis.ts'
import { openRendezvous, type Rendezvous } from '../measuring/rendezvous.ts'
import { milliseconds, type Finding } from '../measuring/report.ts'
import type { RunningServer } from '../servers/servers.ts'
import { median, percentile, timed, timeEach } from '../measuring/statistics.ts'

/** Runs for longer than the bench, one at a time, so that the others of its events wait. */
const endless: Source = {
  runtime: 'nodejs24.x',
  file: 'index.js',
  code: 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 800_000))\n',
}

/** Sends the bench one byte per event. */
export const telling: Source = {
  runtime: 'nodejs24.x',
  file: 'index.js',
  code: `const socket = require('node:net').connect(Number(process.env.BENCH_PORT), '127.0.0.1')
socket.on('error', () => {})
const connected = new Promise((resolve) => socket.once('connect', resolve))
exports.handler = async () => {
  await connected
  await new Promise((resolve) => socket.write('.', resolve))
}
`,
}

/** A store with waiting events, and an empty store of the same kind for the baseline. */
export interface WaitingStore<Server extends RunningServer> {
  readonly name: string
  readonly count: number
  readonly empty: Server
  start(): Promise<Server>
  /** Makes this many copies of a waiting event; returns the server, which may have been restarted for it. */
  fill(server: Server): Promise<Server>
}

/** Adding an event, its way to a run, and counting, with very many events of another function, against another server without. */
export async function measureWaiting<Server extends RunningServer>(
  store: WaitingStore<Server>,
  effort: number,
): Promise<Finding[]> {
  const done = await openRendezvous()
  const started = await store.start()
  await createFunction(openClient(started.origin, 4), 'many', endless, { Timeout: 900 })
  await reserveOne(openClient(started.origin, 1), 'many')
  for (let at = 0; at < 5; at++) await invokeLater(openClient(started.origin, 1), 'many', '{}')
  const full = await store.fill(started)
  try {
    const sides = { full: openClient(full.origin, 4), empty: openClient(store.empty.origin, 4) }
    for (const client of Object.values(sides)) {
      await createFunction(client, 'probe', telling, { Environment: { Variables: { BENCH_PORT: String(done.port) } } })
      await timeEach(Math.ceil(300 * effort), () => runOne(client, done))
    }
    return await compare(store, sides, done, effort)
  } finally {
    done.close()
    await full.stop()
  }
}

type Sides = Record<'full' | 'empty', Client>

async function compare(
  store: Pick<WaitingStore<RunningServer>, 'name' | 'count'>,
  sides: Sides,
  done: Rendezvous,
  effort: number,
): Promise<Finding[]> {
  const rounds = Array.from({ length: Math.ceil(10 * effort) }, () => ({ add: pair(), run: pair(), count: pair() }))
  for (const round of rounds) {
    for (const [side, client] of Object.entries(sides) as [keyof Sides, Client][]) {
      const before = done.bytes()
      const added = await timeEach(200, () => invokeLater(client, 'probe', '{}'))
      await done.until(() => done.bytes() >= before + added.length, 60_000)
      round.add[side] = percentile(added, 0.99)
      round.run[side] = median(await timeEach(50, () => runOne(client, done)))
      round.count[side] = median(await timeEach(5, () => client('GET', '/_kubelambda/events')))
    }
  }
  const among = `with ${store.count} events of another function waiting, against none, ${store.name}`
  const row = (what: 'add' | 'run' | 'count', promise: string, most: number): Finding => {
    const [ours, theirs] = [
      median(rounds.map((round) => round[what].full)),
      median(rounds.map((round) => round[what].empty)),
    ]
    const measured = `${(ours / theirs).toFixed(2)} × (${milliseconds(ours)} against ${milliseconds(theirs)})`
    return { promise: `${promise} ${among}`, measured, target: `≤ ${most} ×`, isKept: ours / theirs <= most }
  }
  return [
    row('add', 'accepting an event, p99,', 1.2),
    row('run', 'time from send to run, p50,', 1.2),
    row('count', 'counting events', 3),
  ]
}

const pair = () => ({ full: 0, empty: 0 })

/** Sends an event and waits until it has run. */
async function runOne(client: Client, done: Rendezvous): Promise<number> {
  return timed(async () => {
    const before = done.bytes()
    await invokeLater(client, 'probe', '{}')
    await done.until(() => done.bytes() > before, 30_000)
  })
}

async function reserveOne(client: Client, name: string): Promise<void> {
  const path = `/2017-10-31/functions/${name}/concurrency`
  await client('PUT', path, JSON.stringify({ ReservedConcurrentExecutions: 1 }))
}

/** Copies a waiting event in the database of a server that is stopped. */
export function copyInDatabase(file: string, count: number): void {
  const database = new DatabaseSync(file)
  const columns = database
    .prepare("SELECT name FROM pragma_table_info('events')")
    .all()
    .map((row) => String(row['name']))
    .filter((name) => name !== 'sequence' && name !== 'id')
  const list = columns.join(', ')
  database.exec(`
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ${count})
    INSERT INTO events (id, ${list})
    SELECT 'copy-' || n, ${list.replace('state', '0')} FROM number, (SELECT * FROM events WHERE function = 'many' LIMIT 1)`)
  database.close()
}

/** Copies a waiting event in Redis, some thousand at a time. */
export function copyInRedis(redis: RunningRedis, count: number): void {
  const step = 5_000
  const text = `
    local prefix = '{kubelambda:events}:'
    local ready = prefix .. 'ready:many'
    local id = redis.call('ZRANGE', ready, 0, 0)[1]
    if not id then return 0 end
    local event = redis.call('HGETALL', prefix .. 'event:' .. id)
    for at = ARGV[1], ARGV[1] + ${step - 1} do
      local copy = 'copy-' .. at
      local sequence = redis.call('INCR', prefix .. 'sequence')
      redis.call('HSET', prefix .. 'event:' .. copy, unpack(event))
      redis.call('HSET', prefix .. 'event:' .. copy, 'sequence', sequence)
      redis.call('ZADD', ready, sequence, copy)
    end
    return 1`
  for (let at = 0; at < count; at += step) {
    for (const deadline = Date.now() + 20_000; redis.cli('eval', text, '0', String(at)) !== '1';) {
      if (Date.now() > deadline) throw new Error('No event waits in Redis')
    }
  }
  // Redis rewrites its append-only file when it has grown this much; that would disturb the measurement.
  const isRewriting = () => /aof_rewrite_(in_progress|scheduled):1/.test(redis.cli('info', 'persistence'))
  for (const deadline = Date.now() + 120_000; isRewriting() && Date.now() < deadline;) redis.cli('ping')
}
