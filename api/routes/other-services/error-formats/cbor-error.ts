import { queryErrorHeader, unsupported, type ErrorFormat } from './error-format.ts'

/** Smithy RPC version 2 with CBOR: CloudWatch. */
export const cborError: ErrorFormat = ({ message, headers }) => ({
  status: unsupported.status,
  headers: {
    'content-type': 'application/cbor',
    'smithy-protocol': 'rpc-v2-cbor',
    ...queryErrorHeader(headers),
  },
  body: Buffer.concat([mapOfTwo, ...['__type', unsupported.code, 'message', message].map(cborText)]),
})

const mapOfTwo = Buffer.of(0xa2)

/** A text with its length in two bytes. */
function cborText(text: string): Buffer {
  const bytes = Buffer.from(text)
  const head = Buffer.of(0x79, 0, 0)
  head.writeUInt16BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}
