import type { Readable } from 'node:stream'
import type { StreamedAnswer } from './streamed-answer.ts'

const httpContentType = 'application/vnd.awslambda.http-integration-response'
const marker = Buffer.alloc(8)
/** The longest accepted prelude; it holds status and headers. */
const maxPreludeBytes = 1024 * 1024

/**
 * Reads the prelude of an HTTP response: JSON with `statusCode`, `headers` and `cookies`, then eight zero bytes. Returns undefined
 * when the content type says that there is none. The rest stays in the body. Throws and destroys the body when the prelude is
 * missing or invalid.
 */
export async function readHttpPrelude({ body, contentType }: StreamedAnswer): Promise<object | undefined> {
  if (!contentType.startsWith(httpContentType)) return undefined
  try {
    const prelude: unknown = JSON.parse(String(await readToMarker(body)))
    if (typeof prelude === 'object' && prelude !== null) return prelude
    throw new Error('The prelude is no object.')
  } catch (error) {
    body.destroy()
    throw error
  }
}

/** The bytes before the marker; what is behind it stays in the body. */
async function readToMarker(body: Readable): Promise<Buffer> {
  let read: Buffer = Buffer.alloc(0)
  for await (const piece of body.iterator({ destroyOnReturn: false })) {
    const from = Math.max(0, read.length - marker.length)
    read = Buffer.concat([read, piece as Buffer])
    const end = read.indexOf(marker, from)
    if (end >= 0) {
      const rest = read.subarray(end + marker.length)
      if (rest.length > 0) body.unshift(rest)
      return read.subarray(0, end)
    }
    if (read.length > maxPreludeBytes) break
  }
  throw new Error('The prelude has no end.')
}
