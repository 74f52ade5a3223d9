/**
 * Sends random requests to every socket and fails when one of them does harm: an undocumented status of 5xx, a server or supervisor that
 * ends, a function that cannot be invoked afterwards, memory that grows. Exits with 1 then and prints the round's seed.
 *
 * 1. api          operations of the model, nearly valid              api-requests.ts
 * 2. bytes        connections that are not quite HTTP                raw-requests.ts
 * 3. environment  the APIs inside an environment, from its function  environment-requests.ts
 * 4. supervisor   the port of a pod's supervisor                     supervisor-connections.ts
 */
import { parseArgs } from 'node:util'
import { inParallel, openClient, type Client } from '../measuring/client.ts'
import { createFunction, echo, invoke, zipSource } from '../measuring/functions.ts'
import { residentMb } from '../measuring/processes.ts'
import { startKubelambda } from '../servers/servers.ts'
import { createApiRequests } from './api-requests.ts'
import { removeAll } from './clean-up.ts'
import { hostileFunction } from './environment-requests.ts'
import { createRandom, type Random } from './random.ts'
import { rawRequest, sendBytes } from './raw-requests.ts'
import { names } from './request-values.ts'
import { startPodSupervisor } from './supervisor-connections.ts'

/** The share of each socket in a round of 1,000 requests. */
const round = { api: 550, bytes: 250, environment: 150, supervisor: 50 }
const requestsPerRound = 1000
/** How much the server's memory may grow after the first tenth of the run, in MB. */
const mayGrowMb = 150

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
})
const [requests, firstSeed] = [Number(values.requests), Number(values.seed)]
if (!(requests > 0) || !Number.isSafeInteger(firstSeed)) throw new Error('Usage: npm run fuzz -- --requests N --seed N')

const server = await startKubelambda()
const supervisor = await startPodSupervisor()
const client = openClient(server.origin, 8)
const port = Number(new URL(server.origin).port)
const zip = (await zipSource(echo)).toString('base64')
const statuses = new Map<string, number>()
const faults: string[] = []

await createFunction(client, 'steady', echo)
await createFunction(client, 'hostile', hostileFunction)
const rounds = Math.max(1, Math.ceil(requests / requestsPerRound))
let [earlyMb, done] = [0, 0]
for (; done < rounds && faults.length < 10; done++) {
  const seed = firstSeed + done
  const before = faults.length
  await renew()
  await runRound(createRandom(seed)).catch((error: unknown) => faults.push(`the server is gone: ${String(error)}`))
  const mb = residentMb(server.pid)
  if (done <= rounds / 10) earlyMb = Math.max(earlyMb, mb)
  if (mb > earlyMb + mayGrowMb) faults.push(`the server grew from ${earlyMb.toFixed(0)} to ${mb.toFixed(0)} MB`)
  console.error(`round ${done + 1} of ${rounds}, seed ${seed}: ${mb.toFixed(0)} MB, ${faults.length - before} faults`)
}
supervisor.stop()
await server.stop()
for (const [status, count] of [...statuses].sort()) console.log(`${status}: ${count}`)
for (const fault of faults) console.log(`FAULT ${fault}`)
console.log(`${done * requestsPerRound} requests, ${faults.length} faults`)
process.exit(faults.length === 0 ? 0 : 1)

/** Deletes what the round before created, and creates functions with a version, an alias and a URL to aim at. */
async function renew(): Promise<void> {
  await removeAll(client, ['steady', 'hostile'])
  for (const name of names.slice(0, 4)) {
    await createFunction(client, name, echo)
    await client('POST', `/2015-03-31/functions/${name}/versions`, '{}')
    await client('POST', `/2015-03-31/functions/${name}/aliases`, '{"Name":"live","FunctionVersion":"1"}')
    await client('POST', `/2021-10-31/functions/${name}/url`, '{"AuthType":"NONE"}')
  }
}

async function runRound(random: Random): Promise<void> {
  const nextRequest = createApiRequests(random, zip)
  await inParallel(round.api, 4, () => sendApiRequest(client, nextRequest))
  await inParallel(round.bytes, 8, () => sendRawRequest(random))
  await attackOwnEnvironment(random)
  await inParallel(round.supervisor, 8, () => supervisor.attack(random))
  await checkHealth()
}

async function sendApiRequest(to: Client, next: ReturnType<typeof createApiRequests>): Promise<void> {
  const { operation, path, headers, body } = next()
  const answer = await to(operation.method, path, body, headers)
  const kind = String(answer.headers['x-amzn-errortype'] ?? '').split(':')[0] ?? ''
  count(`api ${answer.status} ${kind}`)
  const isDocumented = answer.status === 501 || (kind !== 'ServiceException' && operation.errors.includes(kind))
  if (answer.status >= 500 && !isDocumented) {
    faults.push(
      `${answer.status} ${operation.method} ${path.slice(0, 300)} ${body?.slice(0, 600) ?? ''} → ${answer.body.toString().slice(0, 300)}`,
    )
  }
}

async function sendRawRequest(random: Random): Promise<void> {
  const bytes = rawRequest(random)
  for (const status of await sendBytes(port, bytes)) {
    count(`bytes ${status}`)
    if (status >= 500) faults.push(`${status} for the bytes ${JSON.stringify(bytes.toString('latin1').slice(0, 600))}`)
  }
}

/** The function returns the number of responses per status, unless it answered its own invocation. */
async function attackOwnEnvironment(random: Random): Promise<void> {
  const event = JSON.stringify({ seed: random.below(2 ** 31), count: round.environment })
  const { body } = await client('POST', invocations('hostile'), event)
  const found = JSON.parse(body.toString()) as Record<string, unknown> | null
  for (const [status, seen] of Object.entries(found ?? {})) {
    if (typeof seen !== 'number') continue
    count(`environment ${status}`, seen)
    if (/^5\d\d$/.test(status)) faults.push(`an API of the environment answers ${status}: event ${event}`)
  }
}

/** What served before serves still: a function, the one that attacked its own environment, the supervisor of a pod. */
async function checkHealth(): Promise<void> {
  await invoke(client, 'steady', '{"hello":"world"}')
  // The function may have broken its own environment: the first invocation may fail, as its own error.
  const first = await client('POST', invocations('hostile'), '{}')
  if (first.status >= 500)
    faults.push(`the hostile function answers ${first.status}: ${first.body.toString().slice(0, 300)}`)
  await invoke(client, 'hostile', '{}')
  if (!(await supervisor.isWell())) faults.push('the supervisor of a pod ended, or greets nobody')
}

function count(status: string, times = 1): void {
  statuses.set(status, (statuses.get(status) ?? 0) + times)
}

function invocations(name: string): string {
  return `/2015-03-31/functions/${name}/invocations`
}
