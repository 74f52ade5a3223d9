/**
 * Measures the promises that concern one machine, in one run, and says which are kept.
 *
 * 1. start     a server with an empty data folder, and a bare echo     servers.ts
 * 2. warm      invocations one at a time, and their CPU time           warm.ts
 * 3. idle      memory and CPU while nothing happens                    idle.ts
 * 4. cold      new environments against bare starts                    cold.ts, bare-start.ts
 * 5. burst     a hundred new environments at once                      burst.ts
 * 6. events    asynchronous invocations taken in and run               events.ts
 * 7. catalogue many functions against few, on both stores              catalogue.ts
 * 8. report    a table, and the README's copy of it                    report.ts
 */
import { measureBurst } from './burst.ts'
import { measureCatalogue } from './catalogue.ts'
import { measureCluster } from './cluster.ts'
import { measureCold } from './cold.ts'
import { measureEvents } from './events.ts'
import { measureIdle } from './idle.ts'
import { readOptions, type Measurement, type Options } from './options.ts'
import { measureEndpoint } from './other-endpoint.ts'
import {
  currentLoad,
  notMeasured,
  renderCircumstances,
  renderTable,
  writeBetweenMarkers,
  type Finding,
} from './report.ts'
import { startEcho, startKubelambda, startRedis, type RunningServer } from './servers.ts'
import { measureWarm } from './warm.ts'

type Measure = (server: RunningServer, options: Options) => Promise<Finding[]>

const measures: Record<Measurement, Measure> = {
  warm: (server, { effort }) => withServer(startEcho, (bare) => measureWarm(server, bare, effort)),
  idle: (server, { effort }) => measureIdle(server, effort),
  cold: (server, { effort }) => measureCold(server, effort),
  burst: (server, { effort }) => measureBurst(server, effort),
  events: (server, { effort }) => measureEvents(server, effort),
  catalogue: (server, { functionCount }) => {
    const size = { store: 'SQLite', functionCount }
    return withServer(startKubelambda, (small) => measureCatalogue(server, small, size))
  },
  'catalogue-redis': (_server, { functionCount }) => {
    const size = { store: 'Redis', functionCount }
    return withRedis((large) => withRedis((small) => measureCatalogue(large, small, size)))
  },
}

const words = process.argv.slice(2)
const options = readOptions(words)
const loadBefore = currentLoad()
const findings = await measureWhatIsAsked(options)
const report = `${renderTable(findings)}\n\n${renderCircumstances(words.length === 0 ? '' : ` -- ${words.join(' ')}`, loadBefore)}`
console.log(`\n${report}`)
if (
  options.write &&
  !(await writeBetweenMarkers(
    new URL('../README.md', import.meta.url),
    report,
    options.cluster === undefined ? 'bench' : 'bench-cluster',
  ))
) {
  console.error('README.md has no bench:start and bench:end markers: nothing written.')
}
process.exit(0)

function measureWhatIsAsked(asked: Options): Promise<Finding[]> {
  if (asked.cluster !== undefined) return measureCluster(asked.cluster, asked.effort)
  return asked.other === undefined ? measurePromises(asked) : measureOther(asked.other)
}

function measureOther(other: NonNullable<Options['other']>): Promise<Finding[]> {
  return measureEndpoint(other.endpoint, other.functionName, options.effort)
}

/** Each group of measurements has a server of its own, so that none is measured in what another left. */
async function measurePromises(asked: Options): Promise<Finding[]> {
  const found: Finding[] = []
  const flags = asked.profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${asked.profileFolder}`]
  const groups: Measurement[][] = [
    ['warm', 'idle'],
    ['cold'],
    ['burst'],
    ['events'],
    ['catalogue'],
    ['catalogue-redis'],
  ]
  for (const group of groups.map((names) => names.filter((name) => asked.only.includes(name)))) {
    if (group.length === 0) continue
    await withServer(
      () => startKubelambda({ flags }),
      async (server) => {
        for (const name of group) found.push(...(await measured(name, server, asked)))
      },
    )
  }
  return found
}

async function measured(name: Measurement, server: RunningServer, asked: Options): Promise<Finding[]> {
  console.error(`${name} …`)
  try {
    return await measures[name](server, asked)
  } catch (error) {
    return [notMeasured(name, error)]
  }
}

/** A server with a Redis of its own. */
async function withRedis<Result>(use: (server: RunningServer) => Promise<Result>): Promise<Result> {
  const redis = await startRedis()
  try {
    return await withServer(() => startKubelambda({ redis }), use)
  } finally {
    await redis.stop()
  }
}

async function withServer<Result>(
  start: () => Promise<RunningServer>,
  use: (server: RunningServer) => Promise<Result>,
): Promise<Result> {
  const server = await start()
  try {
    return await use(server)
  } finally {
    await server.stop()
  }
}
