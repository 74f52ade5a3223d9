import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { openClient, type Client } from '../measuring/client.ts'

/** Runs `kubectl` and returns its output. */
export function kubectl(...words: string[]): string {
  return execFileSync('kubectl', words, { encoding: 'utf8' })
}

/** Starts plain pods of an image, as the baseline. */
export interface BarePods {
  /** Creates a pod and resolves when its phase is Running. */
  start(name: string): Promise<void>
  remove(name: string): Promise<void>
  close(): void
}

const pods = '/api/v1/namespaces/default/pods'

/** Calls the Kubernetes API directly, without the start-up time of `kubectl`. */
export async function openBarePods(image: string): Promise<BarePods> {
  const proxy = spawn('kubectl', ['proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = (await once(proxy.stdout, 'data')) as [Buffer]
  const origin = `http://${/127\.0\.0\.1:\d+/.exec(said.toString())?.[0] ?? ''}`
  const client = openClient(origin, 1)
  return {
    start: async (name) => {
      const running = untilRunning(origin, name)
      await create(client, name, image)
      await running
    },
    remove: async (name) => {
      await client('DELETE', `${pods}/${name}?gracePeriodSeconds=0`)
    },
    close: () => proxy.kill(),
  }
}

async function create(client: Client, name: string, image: string): Promise<void> {
  const container = { name, image, imagePullPolicy: 'IfNotPresent', command: ['sleep', '600'] }
  const spec = { restartPolicy: 'Never', enableServiceLinks: false, containers: [container] }
  const body = JSON.stringify({ metadata: { name }, spec })
  const answer = await client('POST', pods, body, { 'content-type': 'application/json' })
  if (answer.status !== 201) throw new Error(`create pod ${name}: HTTP ${answer.status} ${answer.body.toString()}`)
}

function untilRunning(origin: string, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = `watch=1&timeoutSeconds=60&fieldSelector=metadata.name%3D${name}`
    const watch = request(`${origin}${pods}?${query}`, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (!text.includes('"phase":"Running"')) return
        watch.destroy()
        resolve()
      })
      response.on('end', () => reject(new Error(`pod ${name} did not run within a minute`)))
    })
    watch.on('error', reject)
    watch.end()
  })
}
