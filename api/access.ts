import { createVerifier, type Verifier } from './authentication/verifier.ts'
import type { Surroundings } from './assembly.ts'
import type { Config } from './config.ts'
import { openCredentialsFile } from './store/credentials-file.ts'

/** Who may call the server. */
export interface Access {
  /** Undefined when any signature is accepted. */
  readonly verifier: Verifier | undefined
  /** Says in the log who may call: loudly when that is everybody who reaches the server over a network. */
  announce(): void
  close(): void
}

/** Reads the access keys where the settings name them; a file that cannot be used is an error of one line. */
export async function openAccess(
  { accountId, region, credentialsFile: path, host }: Config,
  { log, now }: Pick<Surroundings, 'log' | 'now'>,
): Promise<Access> {
  if (path === undefined)
    return { verifier: undefined, announce: () => announceOpen(host, log), close: () => undefined }
  const credentials = await openCredentialsFile({ path, accountId, log })
  return {
    verifier: createVerifier({ credentials, region, now }),
    announce: () => log.info(`Signatures are verified with the ${String(credentials.count())} access keys of ${path}.`),
    close: () => credentials.close(),
  }
}

function announceOpen(host: string, log: Surroundings['log']): void {
  const state = 'Any signature is accepted, since KUBELAMBDA_CREDENTIALS_FILE is not set'
  if (isLoopback(host)) log.info(`${state}; only this machine reaches ${host}.`)
  else log.warn(`ANYBODY WHO REACHES THIS SERVER CAN RUN CODE ON IT. ${state}, and the server listens on ${host}.`)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
