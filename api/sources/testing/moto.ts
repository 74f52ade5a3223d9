import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe } from '@jest/globals'
import type { AwsServices, JsonService } from '../../aws/services.ts'
import { createSignedServices } from '../../aws/signed-services.ts'
import { eventually } from './eventually.ts'

/** A fake of AWS services, started for one test file. */
export interface Moto {
  readonly address: string
  readonly services: AwsServices
  /** Calls a service as its users do. */
  ask<Answer = Record<string, unknown>>(service: JsonService, target: string, input: object): Promise<Answer>
  close(): Promise<void>
}

const isMotoThere = spawnSync('moto_server', ['--help']).status === 0

/** Describes tests that need `moto_server`. They are skipped where it is not installed, and the name says so. */
export function describeWithMoto(name: string, tests: () => void): void {
  if (isMotoThere) describe(name, tests)
  else describe.skip(`${name} (skipped: moto_server is not on the PATH)`, tests)
}

async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The services at this address. */
export function servicesAt(address: string): AwsServices {
  return oneReceiveAtATime(signedServicesAt(address))
}

/**
 * Calls ReceiveMessage of a FIFO queue one after the other: moto looks at the groups in flight and marks what it returns in two
 * steps, so that calls at the same time get messages of one group, which SQS never returns.
 */
function oneReceiveAtATime(services: AwsServices): AwsServices {
  const pending = new Map<string, Promise<unknown>>()
  return {
    ...services,
    call(call) {
      const { QueueUrl: url } = 'input' in call ? (call.input as { QueueUrl?: string }) : {}
      if (!('target' in call) || !call.target.endsWith('.ReceiveMessage') || url?.endsWith('.fifo') !== true) {
        return services.call(call)
      }
      const result = (pending.get(url) ?? Promise.resolve()).then(() => services.call(call))
      pending.set(
        url,
        result.catch(() => undefined),
      )
      return result
    },
  }
}

function signedServicesAt(address: string): AwsServices {
  return createSignedServices({
    endpoints: { sqs: address, kinesis: address, dynamodb: address, secretsmanager: address, kafka: address },
    credentials: async () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
    now: Date.now,
  })
}

/** Starts moto on a local address. */
export async function startMoto(host = '127.0.0.1'): Promise<Moto> {
  const port = await freePort(host)
  const child = spawn('moto_server', ['-H', host, '-p', String(port)], { stdio: 'ignore' })
  const address = `http://${host}:${port}`
  await eventually(async () => (await fetch(`${address}/moto-api/data.json`).catch(() => undefined))?.ok === true)
  const services = servicesAt(address)
  return {
    address,
    services,
    ask: async <Answer>(service: JsonService, target: string, input: object) =>
      (await services.call({ service, region: 'us-east-1', target, input })) as Answer,
    async close() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
