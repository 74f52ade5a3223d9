/**
 * A replica for the test that kills Redis: adds events and saves documents and functions without end, and prints each once it
 * was answered. Arguments: the address of Redis, and a name.
 */
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { LambdaError } from '../../../errors.ts'
import { anEvent } from '../../../events/testing/samples.ts'
import { aFunction } from '../../../functions/testing/samples.ts'
import { openRedisStore } from '../redis-store.ts'

const [url = '', name = ''] = process.argv.slice(2)
const log = { info: () => undefined, warn: () => undefined }
const store = await openRedisStore({ url, replicaId: name, log })

async function repeat(what: string, step: (id: string) => Promise<unknown>): Promise<never> {
  for (let index = 0; ; index++) {
    const id = `${name}-${String(index)}`
    try {
      await step(id)
      writeSync(1, `${what} ${id}\n`)
    } catch (fault) {
      if (!(fault instanceof LambdaError)) throw fault
      await delay(5)
    }
  }
}

await Promise.all([
  repeat('event', (id) => store.events.add(anEvent(name, id))),
  repeat('document', (id) => store.documents.save({ kind: 'layer', id }, { id }, 0)),
  repeat('function', (id) => store.catalogue.save({ record: aFunction(id), expectedRevision: 0 })),
])
