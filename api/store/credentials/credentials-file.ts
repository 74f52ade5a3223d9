import { readFile } from 'node:fs/promises'
import {
  parseCredentials,
  UnusableCredentials,
  type Credential,
  type Credentials,
} from '../../authentication/credentials.ts'

export interface CredentialsFileOptions {
  readonly path: string
  /** The account of keys that name none. */
  readonly accountId: string
  readonly log: { info(line: string): void; error(line: string): void }
  /** How often the file is looked at, in milliseconds. */
  readonly everyMs?: number
}

export interface CredentialsFile extends Credentials {
  /** How many keys there are. */
  count(): number
  /** Looks at the file no more. */
  close(): void
}

/**
 * The keys of a file, read again when it changes. A file that cannot be used is an error of one line at first; later its
 * predecessor's keys stay, and the log says so once.
 */
export async function openCredentialsFile(options: CredentialsFileOptions): Promise<CredentialsFile> {
  const { path, accountId, log, everyMs = 2000 } = options
  let last = await look(path)
  let keys = keysOf(last, accountId)
  let isLooking = false

  // Its text is compared: a Secret is mounted behind links, whose changes neither times nor watchers tell reliably.
  const follow = async () => {
    const seen = await look(path)
    if (seen.text === last.text && seen.fault === last.fault) return
    last = seen
    try {
      keys = keysOf(seen, accountId)
      log.info(`${settingName}: ${String(keys.size)} access keys were read anew.`)
    } catch (fault) {
      log.error(`${(fault as Error).message} The access keys that it held before stay in force.`)
    }
  }
  const timer = setInterval(() => {
    if (isLooking) return
    isLooking = true
    void follow().finally(() => (isLooking = false))
  }, everyMs).unref()
  return { find: (id) => keys.get(id), count: () => keys.size, close: () => clearInterval(timer) }

  function keysOf({ text, fault }: Look, account: string): ReadonlyMap<string, Credential> {
    if (text === undefined) throw new Error(`${settingName}: ${path} cannot be read (${fault ?? 'no reason'}).`)
    try {
      return parseCredentials(text, account)
    } catch (cause) {
      const reason = cause instanceof UnusableCredentials ? cause.message : 'it cannot be understood'
      throw new Error(`${settingName}: ${path} cannot be used: ${reason}.`, { cause })
    }
  }
}

const settingName = 'KUBELAMBDA_CREDENTIALS_FILE'

interface Look {
  readonly text?: string
  readonly fault?: string
}

async function look(path: string): Promise<Look> {
  try {
    return { text: await readFile(path, 'utf8') }
  } catch (fault) {
    return { fault: (fault as NodeJS.ErrnoException).code ?? 'unreadable' }
  }
}
