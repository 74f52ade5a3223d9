/** The longest head and the longest body of a frame, in bytes: far more than any message or piece of a file has. */
const [maxHeadBytes, maxBodyBytes] = [8 * 1024 * 1024, 64 * 1024 * 1024]

/** The peer sent bytes that are no frame. */
class MalformedFrame extends Error {}

/** The length of head and body together; throws `MalformedFrame` when one of them is beyond its limit. */
export function checkedLength(headBytes: number, bodyBytes: number): number {
  if (headBytes > maxHeadBytes || bodyBytes > maxBodyBytes) throw new MalformedFrame('a frame is too long')
  return headBytes + bodyBytes
}

/** The message in a head; throws `MalformedFrame` when it is no JSON object with a type. */
export function readHead(text: string): { readonly type: string } {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch (cause) {
    throw new MalformedFrame('the head of a frame is not JSON', { cause })
  }
  if (!hasType(message)) throw new MalformedFrame('a frame has no type')
  return message
}

function hasType(message: unknown): message is { readonly type: string } {
  return typeof message === 'object' && message !== null && 'type' in message && typeof message.type === 'string'
}
