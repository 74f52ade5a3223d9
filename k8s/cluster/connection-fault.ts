/** A permanent connection failure and its fix. */
export interface ConnectionFault {
  readonly reason: string
  readonly fix: string
}

interface SystemFault {
  readonly message: string
  readonly code?: unknown
  readonly syscall?: unknown
}

const renew = 'renew the certificate of the API server, or correct the clocks'
const address = 'give the kubeconfig an address that the certificate is for, or its name as tls-server-name'
const authority = "give the kubeconfig the cluster's certificate authority"
const plain = 'it does not speak TLS: its address starts with http:, or is another one'
const readable = 'the kubeconfig names it: make it readable for the server'

/** The fix for each Node.js error code; the first match counts. */
const fixes: readonly (readonly [RegExp, string])[] = [
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/, renew],
  [/^(ERR_TLS_CERT_ALTNAME_|HOSTNAME_MISMATCH$)/, address],
  [/^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA$)/, authority],
  [/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/, plain],
]

/**
 * The permanent fault of a connection to the API server: an untrusted certificate, or a file of the kubeconfig that
 * cannot be read. Undefined for temporary faults, such as a refused, broken or slow connection.
 */
export function connectionFault(cause: unknown): ConnectionFault | undefined {
  const { message, code, syscall } = rootOf(cause)
  if (typeof code !== 'string') return undefined
  const fix = syscall === 'open' ? readable : fixes.find(([codes]) => codes.test(code))?.[1]
  // After a semicolon, Node.js suggests options of its own.
  return fix === undefined ? undefined : { reason: firstLine(message).split('; ')[0] ?? '', fix }
}

/** The innermost cause. */
function rootOf(fault: unknown): SystemFault {
  if (!isFault(fault)) return { message: String(fault) }
  return isFault(fault.cause) ? rootOf(fault.cause) : fault
}

function isFault(value: unknown): value is SystemFault & { readonly cause?: unknown } {
  return typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? ''
}
