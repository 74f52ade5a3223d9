import { readFileSync } from 'node:fs'
import type { RedisClient, RedisConnection } from './connection.ts'

type Argument = string | number | Uint8Array
type Call = (keyCount: number, ...rest: Argument[]) => Promise<unknown>

/**
 * One atomic step in Redis; its file's head says what it takes and answers.
 *
 * When Redis' memory is full, a script is refused its first write, unless that is one that takes no memory: what follows such a
 * one is let through. So scripts that take, settle, give back or renew begin with a `PERSIST` of a key that never expires, which
 * changes nothing: else nothing could be taken out of a full Redis. Those that add or save do not, and are refused.
 *
 * While the slot of a cluster moves to another node, a script is refused keys that are not declared and have moved, where it has
 * got to: what it did stays done. So nothing is taken from where it is before it is where it goes.
 */
export interface Script {
  /** Answers texts and numbers. */
  (keys: readonly string[], args: readonly Argument[]): Promise<unknown>
  /** Answers bytes instead of texts. */
  bytes(keys: readonly string[], args: readonly Argument[]): Promise<unknown>
}

/** Reads `<name>.lua` beside the module whose `import.meta.url` is given; Redis gets it with the first call. */
export function loadScript(connection: RedisConnection, name: string, moduleUrl: string): Script {
  const command = `kubelambda:${name}`
  connection.client.defineCommand(command, { lua: readFileSync(new URL(`${name}.lua`, moduleUrl), 'utf8') })
  const called =
    (method: string) =>
    (keys: readonly string[], args: readonly Argument[]): Promise<unknown> =>
      connection.run((client) => defined(client, method)(keys.length, ...keys, ...args))
  return Object.assign(called(command), { bytes: called(`${command}Buffer`) })
}

/** Calls what `defineCommand` put on the client. */
function defined(client: RedisClient, method: string): Call {
  // eslint-disable-next-line tables/own-members -- the names are those of our scripts
  return (...all) => (client as unknown as Record<string, Call | undefined>)[method]?.call(client, ...all) ?? missing()
}

function missing(): never {
  throw new TypeError('The script is not defined')
}
