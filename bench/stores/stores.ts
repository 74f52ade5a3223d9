import { measureCatalogue } from './catalogue.ts'
import { measureEvents } from '../events/events.ts'
import { startRedis, type RunningRedis } from '../servers/redis.ts'
import { notMeasured, type Finding } from '../measuring/report.ts'
import { startKubelambda, type OurServer } from '../servers/servers.ts'
import { copyInDatabase, copyInRedis, measureWaiting, type WaitingStore } from '../events/waiting.ts'

const skipped = (promise: string): Finding => ({ promise, measured: 'skipped: there is no redis-server', target: '' })

/** Events per second with Redis, with its default durability and with `appendfsync always`. */
export async function measureEventsOnRedis(flags: readonly string[], effort: number): Promise<Finding[]> {
  const found: Finding[] = []
  for (const appendfsync of ['everysec', 'always'] as const) {
    const where = `Redis, appendfsync ${appendfsync}`
    const measured = await withRedis(appendfsync, async (redis) => {
      const server = await startKubelambda(flags, { KUBELAMBDA_REDIS_URL: redis.url })
      return measureEvents(server, where, effort).finally(() => server.stop())
    })
    // No target when each write is synced: disks differ.
    const [row = skipped(`asynchronous events, ${where}`)] = measured ?? []
    if (appendfsync === 'everysec') found.push(row)
    else found.push({ promise: row.promise, measured: row.measured, target: '' })
  }
  return found
}

/** Many functions against few, each in a Redis of its own. */
export async function measureCatalogueOnRedis(functionCount: number): Promise<Finding[]> {
  const measured = await withRedis('everysec', (full) =>
    withRedis('everysec', (other) =>
      withEmpty({ KUBELAMBDA_REDIS_URL: full.url }, (large) =>
        withEmpty({ KUBELAMBDA_REDIS_URL: other.url }, (small) =>
          measureCatalogue(large, small, { store: 'Redis', functionCount }),
        ),
      ),
    ),
  )
  return measured ?? [skipped('a large catalogue, Redis')]
}

/** Very many waiting events on both stores. */
export async function measureWaitingOnBoth(count: number, effort: number): Promise<Finding[]> {
  const name = 'accepting an event with a large backlog'
  const embedded = await withEmpty({}, (empty) => measureWaiting(embeddedStore(count, empty), effort)).catch(
    (error: unknown) => [notMeasured(`${name}, SQLite`, error)],
  )
  const shared = await withRedis('everysec', (full) =>
    withRedis('everysec', (other) =>
      withEmpty({ KUBELAMBDA_REDIS_URL: other.url }, (empty) => measureWaiting(redisStore(count, full, empty), effort)),
    ),
  ).catch((error: unknown) => [notMeasured(`${name}, Redis`, error)])
  return [...embedded, ...(shared ?? [skipped(`${name}, Redis`)])]
}

function embeddedStore(count: number, empty: OurServer): WaitingStore<OurServer> {
  return {
    name: 'SQLite',
    count,
    empty,
    start: () => startKubelambda(),
    fill: (server) => server.restart(() => copyInDatabase(server.database, count)),
  }
}

function redisStore(count: number, redis: RunningRedis, empty: OurServer): WaitingStore<OurServer> {
  return {
    name: 'Redis',
    count,
    empty,
    start: () => startKubelambda([], { KUBELAMBDA_REDIS_URL: redis.url }),
    fill: (server) => {
      copyInRedis(redis, count)
      return Promise.resolve(server)
    },
  }
}

async function withEmpty<Result>(
  settings: Record<string, string>,
  use: (server: OurServer) => Promise<Result>,
): Promise<Result> {
  const server = await startKubelambda([], settings)
  return use(server).finally(() => server.stop())
}

async function withRedis<Result>(
  appendfsync: 'everysec' | 'always',
  use: (redis: RunningRedis) => Promise<Result>,
): Promise<Result | undefined> {
  const redis = await startRedis(appendfsync)
  return redis && use(redis).finally(() => redis.stop())
}
