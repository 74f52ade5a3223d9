import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import type { TakenEvent } from '../../../events/queue/event-queue.ts'
import { openRedisStore, type RedisStore } from '../redis-store.ts'
import { describeWithRedis, eventually, startRedis } from '../testing/redis-server.ts'

const program = fileURLToPath(new URL('../testing/restless-writer.ts', import.meta.url))
const log = { info: () => undefined, warn: () => undefined }

function startWriter(url: string, name: string) {
  const writer = spawn(process.execPath, [program, url, name], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [output, failure] = ['', '']
  writer.stdout.on('data', (chunk: Buffer) => void (output += chunk.toString()))
  writer.stderr.on('data', (chunk: Buffer) => void (failure += chunk.toString()))
  const ended = new Promise((resolve) => writer.once('close', resolve))
  return {
    lines: () => output.split('\n').slice(0, -1),
    failure: () => failure,
    kill: () => {
      writer.kill('SIGKILL')
      return ended
    },
  }
}

async function allEvents(store: RedisStore): Promise<Set<string>> {
  const ids = new Set<string>()
  let taken: TakenEvent[]
  do {
    taken = await store.events.take({ limit: 1000, perFunction: 1000, skip: new Set(), nowMs: Date.now() })
    for (const { id } of taken) ids.add(id)
  } while (taken.length > 0)
  return ids
}

describeWithRedis('a Redis that syncs each write', () => {
  test('killed at any moment has kept all that was answered, and its writers go on when it is back', async () => {
    const redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'])
    const writers = ['a', 'b', 'c'].map((name) => startWriter(redis.url, name))
    try {
      for (let round = 0; round < 4; round++) {
        const before = writers.map((writer) => writer.lines().length)
        await eventually(() => writers.every((writer, at) => writer.lines().length > (before[at] ?? 0) + 50))
        await redis.signal('SIGKILL')
        await redis.restart()
      }
      for (const writer of writers) await writer.kill()
      for (const writer of writers) expect(writer.failure()).toBe('')
      await redis.signal('SIGKILL')
      await redis.restart()

      const store = await openRedisStore({ url: redis.url, replicaId: 'reader', log })
      const documents = await store.documents.list({ kind: 'layer', limit: 1e6 })
      const functions = await store.catalogue.list({ limit: 1e6 })
      const kept = new Set([
        ...Array.from(await allEvents(store), (id) => `event ${id}`),
        ...documents.map(({ id }) => `document ${id}`),
        ...functions.map(({ name }) => `function ${name}`),
      ])
      await store.close()
      expect(writers.flatMap((writer) => writer.lines()).filter((line) => !kept.has(line))).toEqual([])
    } finally {
      await Promise.all(writers.map((writer) => writer.kill()))
      await redis.stop()
    }
  }, 90_000)
})
