import { readFileSync } from 'node:fs'
import type { RedisClient, RedisConnection } from './connection.ts'

type Argument = string | number | Uint8Array
type Call = (keyCount: number, ...rest: Argument[]) => Promise<unknown>

/** One atomic step in Redis; its file's head says what it takes and answers. */
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
  return (...all) => (client as unknown as Record<string, Call | undefined>)[method]?.call(client, ...all) ?? missing()
}

function missing(): never {
  throw new TypeError('The script is not defined')
}
