import { readFileSync } from 'node:fs'
import type { RedisClient, RedisConnection } from './connection.ts'

type Argument = string | number | Uint8Array
type Call = (keyCount: number, ...rest: Argument[]) => Promise<unknown>

/**
 * One atomic step in Redis. The head of its file documents its arguments and its result.
 *
 * When Redis' memory is full, it rejects a script at its first write, unless that command uses no memory: then it allows all further
 * writes. So scripts that take, complete, release or renew begin with a `PERSIST` of a key that never expires, which
 * changes nothing: otherwise nothing could be removed from a full Redis. Scripts that add or save do not, and are rejected.
 *
 * While a slot moves to another node of a cluster, a script fails in the middle when it uses an undeclared key that has moved, and its
 * earlier writes remain. So scripts add an item to its new set before they remove it from the old one.
 */
export interface Script {
  /** Returns strings and numbers. */
  (keys: readonly string[], args: readonly Argument[]): Promise<unknown>
  /** Returns bytes instead of strings. */
  bytes(keys: readonly string[], args: readonly Argument[]): Promise<unknown>
}

/** Reads `<name>.lua` beside the module with the given `import.meta.url`. The first call loads it into Redis. */
export function loadScript(connection: RedisConnection, name: string, moduleUrl: string): Script {
  const command = `kubelambda:${name}`
  connection.client.defineCommand(command, { lua: readFileSync(new URL(`${name}.lua`, moduleUrl), 'utf8') })
  const called =
    (method: string) =>
    (keys: readonly string[], args: readonly Argument[]): Promise<unknown> =>
      connection.run((client) => defined(client, method)(keys.length, ...keys, ...args))
  return Object.assign(called(command), { bytes: called(`${command}Buffer`) })
}

/** Calls a command that `defineCommand` added to the client. */
function defined(client: RedisClient, method: string): Call {
  // eslint-disable-next-line tables/own-members -- the names are those of our scripts
  return (...all) => (client as unknown as Record<string, Call | undefined>)[method]?.call(client, ...all) ?? missing()
}

function missing(): never {
  throw new TypeError('The script is not defined')
}
