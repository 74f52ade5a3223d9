import type { Log } from '../observe/log.ts'
import type { Credentials } from './credentials.ts'
import { createVerifier, type Verifier } from './verifier.ts'

/** How the server authenticates its callers. */
export interface Authentication {
  /** Undefined when any signature is accepted. */
  readonly verifier: Verifier | undefined
  /** Logs how callers are authenticated, with a warning when anyone on the network can call. */
  announce(): void
  close(): void
}

export interface AuthenticationSettings {
  /** The account of access keys that do not name one. */
  readonly accountId: string
  readonly region: string
  /** Where the server listens. */
  readonly host: string
  /** The file of access keys. Without it any signature is accepted. */
  readonly credentialsFile?: string
}

export interface AuthenticationParts {
  readonly log: Log
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Opens a file of access keys and follows its changes. Rejects with a one-line error if the file cannot be used. */
  readonly openCredentialsFile: (file: {
    readonly path: string
    readonly accountId: string
    readonly log: Log
  }) => Promise<CredentialsInUse>
}

/** Access keys that are reloaded until they are closed. */
interface CredentialsInUse extends Credentials {
  count(): number
  close(): void
}

/** Loads the access keys from the file that the settings name. */
export async function openAuthentication(
  { accountId, region, credentialsFile: path, host }: AuthenticationSettings,
  { log, now, openCredentialsFile }: AuthenticationParts,
): Promise<Authentication> {
  if (path === undefined)
    return { verifier: undefined, announce: () => announceOpen(host, log), close: () => undefined }
  const credentials = await openCredentialsFile({ path, accountId, log })
  return {
    verifier: createVerifier({ credentials, region, now }),
    announce: () => log.info(`Signatures are verified with the ${String(credentials.count())} access keys of ${path}.`),
    close: () => credentials.close(),
  }
}

function announceOpen(host: string, log: Log): void {
  const state = 'Any signature is accepted, since KUBELAMBDA_CREDENTIALS_FILE is not set'
  if (isLoopback(host)) log.info(`${state}; only this machine reaches ${host}.`)
  else log.warn(`ANYBODY WHO REACHES THIS SERVER CAN RUN CODE ON IT. ${state}, and the server listens on ${host}.`)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
