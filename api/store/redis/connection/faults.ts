import { storeUnavailable } from '../../../errors.ts'

/** What a node of a cluster said, where there is one behind the fault. */
function rootOf(fault: Error): Error {
  const { lastNodeError } = fault as { lastNodeError?: Error }
  return lastNodeError === undefined ? fault : rootOf(lastNodeError)
}

/** The fault in one line, without its last full stop. */
export function reasonOf(fault: Error): string {
  const root = rootOf(fault) as Error & { code?: string }
  const text = root.message || (root.code ?? 'no reason given')
  return text.split('\n')[0]?.replace(/\.$/, '') ?? text
}

/** Certificates that are not trusted, and a server that speaks no TLS. */
const tlsCodes = /^(CERT_|DEPTH_ZERO_|EPROTO$|ERR_SSL_|ERR_TLS_|SELF_SIGNED_|UNABLE_TO_)/

/** Whether waiting does not mend it: what Redis answered, unless it passes. */
export function isForGood(fault: Error): boolean {
  const root = rootOf(fault) as Error & { code?: string }
  if (root.name !== 'ReplyError') return tlsCodes.test(root.code ?? '')
  const reply = replyOf(root)
  return credentials.test(reply) || !isPassing(reply)
}

/** Before Redis 7 an error inside a script has its own text behind the script's, and a dash where it has a code. */
const insideScript = /^ERR Error running script .*@user_script: ?\d+: -?(.*)$/s

/** What Redis answered, also inside a script, with the code that it begins with. */
export function replyOf({ message }: Error): string {
  return insideScript.exec(message)?.[1] ?? message
}

/** Replies to a wrong or missing password. A server that runs outlives a change of it. */
const credentials = /^(NOAUTH|WRONGPASS) /
/** Replies that say that Redis cannot do it now, whatever is asked. */
const passing =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|MOVED|ASK|TRYAGAIN|OOM|MISCONF|NOREPLICAS|BUSY|NOAUTH|WRONGPASS) /
/** What is said of a script whose keys move to another node of a cluster, or while a cluster is not whole. */
const passingInScript =
  /\bscript attempted (to )?(access a (non local key|slot not served)|execute .* the cluster is down)/i

/** Throws Lambda's 503 for what may pass, else an error of ours. */
export function explain(cause: unknown): never {
  if (!(cause instanceof Error)) throw new Error('Redis failed', { cause })
  if (cause instanceof TypeError || cause instanceof RangeError) throw cause
  if (cause.name !== 'ReplyError' || isPassing(replyOf(cause))) throw storeUnavailable(cause)
  throw new Error(`Redis refused a command: ${cause.message}`, { cause })
}

function isPassing(reply: string): boolean {
  return passing.test(reply) || passingInScript.test(reply)
}
