/**
 * Measures the promises in one run and reports which are kept.
 *
 * 1. start     a server with an empty data folder, and a bare echo     servers.ts
 * 2. warm      invocations one at a time, and their CPU time           warm.ts
 * 3. idle      memory and CPU while nothing happens                    idle.ts
 * 4. cold      new environments against bare starts                    cold.ts, bare-start.ts
 * 5. burst     a hundred new environments at once                      burst.ts
 * 6. events    asynchronous invocations taken in and run               events.ts
 * 7. waiting   events while very many of another function wait         waiting.ts, stores.ts
 * 8. queues    an SQS mapping against a bare polling loop              queues.ts
 * 9. catalogue many functions against few                              catalogue.ts, stores.ts
 * 10. report   a table, and its copy in docs/performance.md            report.ts
 */
import { measureBurst } from './invocations/burst.ts'
import { measureCatalogue } from './stores/catalogue.ts'
import { measureCluster } from './cluster/cluster.ts'
import { measureCold } from './invocations/cold.ts'
import { measureEvents } from './events/events.ts'
import { measureIdle } from './invocations/idle.ts'
import { measureQueues } from './events/queues.ts'
import { readOptions, type Measurement, type Options } from './options.ts'
import { measureEndpoint } from './invocations/other-endpoint.ts'
import {
  currentLoad,
  notMeasured,
  renderCircumstances,
  renderTable,
  writeBetweenMarkers,
  type Finding,
} from './measuring/report.ts'
import { startEcho, startKubelambda, type RunningServer } from './servers/servers.ts'
import { measureCatalogueOnRedis, measureEventsOnRedis, measureWaitingOnBoth } from './stores/stores.ts'
import { measureWarm } from './invocations/warm.ts'

type Measure = (server: RunningServer, options: Options) => Promise<Finding[]>

const measures: Record<Measurement, Measure> = {
  warm: (server, { effort }) => withServer(startEcho, (bare) => measureWarm(server, bare, effort)),
  idle: (server, { effort }) => measureIdle(server, effort),
  cold: (server, { effort }) => measureCold(server, effort),
  burst: (server, { effort }) => measureBurst(server, effort),
  events: async (server, { effort, profileFolder }) => [
    ...(await measureEvents(server, 'SQLite', effort)),
    ...(await measureEventsOnRedis(nodeFlags(profileFolder), effort)),
  ],
  waiting: (_server, { effort, eventCount }) => measureWaitingOnBoth(eventCount, effort),
  queues: (_server, { effort }) => measureQueues(effort),
  catalogue: async (server, { functionCount }) => [
    ...(await withServer(startKubelambda, (small) =>
      measureCatalogue(server, small, { store: 'SQLite', functionCount }),
    )),
    ...(await measureCatalogueOnRedis(functionCount)),
  ],
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
    new URL('../docs/performance.md', import.meta.url),
    report,
    options.cluster === undefined ? 'bench' : 'bench-cluster',
  ))
) {
  console.error('docs/performance.md has no bench:start and bench:end markers: nothing written.')
}
process.exit(0)

function measureWhatIsAsked(asked: Options): Promise<Finding[]> {
  if (asked.cluster !== undefined) return measureCluster(asked.cluster, asked.effort)
  return asked.other === undefined ? measurePromises(asked) : measureOther(asked.other)
}

function measureOther(other: NonNullable<Options['other']>): Promise<Finding[]> {
  return measureEndpoint(other.endpoint, other.functionName, options.effort)
}

/** Each group of measurements has a server of its own, so that none affects another. */
async function measurePromises(asked: Options): Promise<Finding[]> {
  const found: Finding[] = []
  const flags = nodeFlags(asked.profileFolder)
  const alone = ['cold', 'burst', 'events', 'waiting', 'queues', 'catalogue'] as const
  const groups: Measurement[][] = [['warm', 'idle'], ...alone.map((name): Measurement[] => [name])]
  for (const group of groups.map((names) => names.filter((name) => asked.only.includes(name)))) {
    if (group.length === 0) continue
    await withServer(
      () => startKubelambda(flags),
      async (server) => {
        for (const name of group) found.push(...(await measured(name, server, asked)))
      },
    )
  }
  return found
}

function nodeFlags(profileFolder: string | undefined): string[] {
  return profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]
}

async function measured(name: Measurement, server: RunningServer, asked: Options): Promise<Finding[]> {
  console.error(`${name} …`)
  try {
    return await measures[name](server, asked)
  } catch (error) {
    return [notMeasured(name, error)]
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
