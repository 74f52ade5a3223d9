import { inParallel, openClient, type Client } from './client.ts'
import { createFunction, echo, getFunction, invoke, sendCreate, zipSource } from './functions.ts'
import { milliseconds, type Finding } from './report.ts'
import type { RunningServer } from './servers.ts'
import { median, timeEach } from './statistics.ts'

const few = 10

/** GetFunction and Invoke with many functions, against another server that has ten, in alternating rounds. */
export async function measureCatalogue(large: RunningServer, small: RunningServer, count: number): Promise<Finding[]> {
  const clients = { large: openClient(large.origin, 8), small: openClient(small.origin, 8) }
  await fill(clients.small, few)
  await fill(clients.large, count)
  await warmUp(clients.small)
  await warmUp(clients.large)
  return [
    await compare('GetFunction', count, clients, (client) => getFunction(client, 'probe')),
    await compare('Invoke', count, clients, (client) => invoke(client, 'probe', '{}')),
  ]
}

async function fill(client: Client, count: number): Promise<void> {
  const zip = await zipSource(echo)
  await inParallel(count - 1, 8, (index) => sendCreate(client, `many-${index}`, echo.runtime, zip))
  await createFunction(client, 'probe', echo)
}

async function warmUp(client: Client): Promise<void> {
  await timeEach(500, () => getFunction(client, 'probe'))
  await timeEach(500, () => invoke(client, 'probe', '{}'))
}

async function compare(
  operation: string,
  count: number,
  clients: { readonly large: Client; readonly small: Client },
  ask: (client: Client) => Promise<unknown>,
): Promise<Finding> {
  const times = { large: [] as number[], small: [] as number[] }
  for (let round = 0; round < 10; round++) {
    times.large.push(median(await timeEach(150, () => ask(clients.large))))
    times.small.push(median(await timeEach(150, () => ask(clients.small))))
  }
  const [large, small] = [median(times.large), median(times.small)]
  return {
    promise: `${operation} with ${count} functions, against ${few}`,
    measured: `${(large / small).toFixed(2)} × (${milliseconds(large)} against ${milliseconds(small)})`,
    target: 'as fast (≤ 1.15 ×)',
    isKept: large / small <= 1.15,
  }
}
