import { inParallel, openClient, type Client } from '../measuring/client.ts'
import {
  createFunction,
  echo,
  getFunction,
  invoke,
  listFunctions,
  publishAgain,
  sendCreate,
  zipSource,
} from '../measuring/functions.ts'
import { milliseconds, type Finding } from '../measuring/report.ts'
import type { RunningServer } from '../servers/servers.ts'
import { median, timeEach } from '../measuring/statistics.ts'

const few = 10
const versionsOfEach = 5

export interface CatalogueSize {
  /** Name of the store, for the report. */
  readonly store: string
  readonly functionCount: number
}

type Clients = Readonly<Record<'large' | 'small', Client>>

/**
 * GetFunction, Invoke and a page of ListFunctions with many functions of five versions, against another server that has ten
 * functions, in alternating rounds.
 */
export async function measureCatalogue(
  large: RunningServer,
  small: RunningServer,
  { store, functionCount }: CatalogueSize,
): Promise<Finding[]> {
  const clients = { large: openClient(large.origin, 8), small: openClient(small.origin, 8) }
  await fill(clients.small, few)
  await fill(clients.large, functionCount)
  await warmUp(clients.small)
  await warmUp(clients.large)
  const size = `with ${functionCount} functions and ${functionCount * versionsOfEach} versions (${store})`
  const pageOf = await samePages(clients)
  return [
    await compare(`GetFunction ${size}`, clients, (client) => getFunction(client, 'probe')),
    await compare(`Invoke ${size}`, clients, (client) => invoke(client, 'probe', '{}')),
    await compare(`A page of ListFunctions ${size}`, clients, pageOf),
  ]
}

async function fill(client: Client, count: number): Promise<void> {
  const zips = await Promise.all([zipSource(echo), zipSource({ ...echo, code: `${echo.code}// again\n` })])
  await inParallel(count - 1, 8, async (index) => {
    const name = `many-${index}`
    await sendCreate(client, name, echo.runtime, zips[0], { Publish: true })
    for (let version = 2; version <= versionsOfEach; version++) {
      await publishAgain(client, name, zips[(version + 1) % 2] ?? zips[0])
    }
  })
  await createFunction(client, 'probe', echo)
}

async function warmUp(client: Client): Promise<void> {
  await timeEach(500, () => getFunction(client, 'probe'))
  await timeEach(500, () => invoke(client, 'probe', '{}'))
}

/** Pages of the same length: the whole of the small catalogue, and as many from the middle of the large one. */
async function samePages({ large }: Clients): Promise<(client: Client) => Promise<unknown>> {
  let marker: string | undefined
  for (let page = 0; page < 10; page++) marker = (await listFunctions(large, 50, marker)).marker ?? marker
  return (client) => listFunctions(client, few, client === large ? marker : undefined)
}

async function compare(what: string, clients: Clients, ask: (client: Client) => Promise<unknown>): Promise<Finding> {
  const times = { large: [] as number[], small: [] as number[] }
  for (let round = 0; round < 10; round++) {
    times.large.push(median(await timeEach(150, () => ask(clients.large))))
    times.small.push(median(await timeEach(150, () => ask(clients.small))))
  }
  const [large, small] = [median(times.large), median(times.small)]
  return {
    promise: `${what}, against ${few} functions`,
    measured: `${(large / small).toFixed(2)} × (${milliseconds(large)} against ${milliseconds(small)})`,
    target: 'as fast (≤ 1.15 ×)',
    isKept: large / small <= 1.15,
  }
}
