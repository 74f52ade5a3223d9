import { storeUnavailable } from '../../../errors.ts'

/** The error of the cluster node that caused the fault, if there is one. */
function rootOf(fault: Error): Error {
  const { lastNodeError } = fault as { lastNodeError?: Error }
  return lastNodeError === undefined ? fault : rootOf(lastNodeError)
}

/** The fault in one line, without its final full stop. */
export function reasonOf(fault: Error): string {
  const root = rootOf(fault) as Error & { code?: string }
  const text = root.message || (root.code ?? 'no reason given')
  return text.split('\n')[0]?.replace(/\.$/, '') ?? text
}

/** Codes of untrusted certificates, and of a server that does not speak TLS. */
const tlsCodes = /^(CERT_|DEPTH_ZERO_|EPROTO$|ERR_SSL_|ERR_TLS_|SELF_SIGNED_|UNABLE_TO_)/

/** Whether the fault is permanent: an error reply, unless it is a temporary one. */
export function isForGood(fault: Error): boolean {
  const root = rootOf(fault) as Error & { code?: string }
  if (root.name !== 'ReplyError') return tlsCodes.test(root.code ?? '')
  const reply = replyOf(root)
  return credentials.test(reply) || !isPassing(reply)
}

/** Before Redis 7, an error inside a script has its own text after the script's, and a dash in place of its code. */
const insideScript = /^ERR Error running script .*@user_script: ?\d+: -?(.*)$/s

/** The error reply, also from inside a script, including the code at its beginning. */
export function replyOf({ message }: Error): string {
  return insideScript.exec(message)?.[1] ?? message
}

/** Replies to a wrong or missing password. A running server survives a password change. */
const credentials = /^(NOAUTH|WRONGPASS) /
/** Replies of a Redis that temporarily refuses any command. */
const passing =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|MOVED|ASK|TRYAGAIN|OOM|MISCONF|NOREPLICAS|BUSY|NOAUTH|WRONGPASS) /
/** Errors of a script whose keys move to another node of a cluster, or while a cluster is incomplete. */
const passingInScript =
  /\bscript attempted (to )?(access a (non local key|slot not served)|execute .* the cluster is down)/i

/** Throws Lambda's 503 for a temporary fault, and an internal error for others. */
export function explain(cause: unknown): never {
  if (!(cause instanceof Error)) throw new Error('Redis failed', { cause })
  if (cause instanceof TypeError || cause instanceof RangeError) throw cause
  if (cause.name !== 'ReplyError' || isPassing(replyOf(cause))) throw storeUnavailable(cause)
  throw new Error(`Redis refused a command: ${cause.message}`, { cause })
}

function isPassing(reply: string): boolean {
  return passing.test(reply) || passingInScript.test(reply)
}
