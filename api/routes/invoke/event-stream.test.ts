import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { crc32 } from 'node:zlib'
import { InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { expect, test } from '@jest/globals'
import { encodeEvent, eventStreamType } from './event-stream.ts'

/** What AWS's SDK reads out of these bytes, sent in pieces of this size. */
async function decoded(bytes: Buffer, pieceBytes: number): Promise<unknown[]> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': eventStreamType })
    for (let start = 0; start < bytes.length; start += pieceBytes)
      response.write(bytes.subarray(start, start + pieceBytes))
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new LambdaClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
  try {
    const { EventStream } = await client.send(new InvokeWithResponseStreamCommand({ FunctionName: 'f' }))
    const events: unknown[] = []
    for await (const event of EventStream!) events.push(event)
    return events
  } finally {
    client.destroy()
    server.close()
  }
}

const chunk = (payload: Uint8Array) => encodeEvent('PayloadChunk', 'application/octet-stream', payload)
const complete = (value: object) =>
  encodeEvent('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(value)))

test.each([1, 7, 100_000])('the SDK reads what was encoded, in pieces of %i bytes', async (pieceBytes) => {
  const error = { ErrorCode: 'Unhandled', ErrorDetails: '{"errorMessage":"größe"}', LogResult: 'dGFpbA==' }
  const payloads = [Buffer.from('größe'), Buffer.from([0, 1, 255]), Buffer.alloc(0), Buffer.alloc(2_000, 7)]
  const events = await decoded(Buffer.concat([...payloads.map(chunk), complete(error)]), pieceBytes)
  expect(events).toEqual([
    ...payloads.map((payload) => ({ PayloadChunk: { Payload: new Uint8Array(payload) } })),
    { InvokeComplete: error },
  ])
})

test('a payload of 6 MB is one event', async () => {
  const [event] = (await decoded(chunk(Buffer.alloc(6_291_556, 1)), 65_536)) as {
    PayloadChunk: { Payload: Uint8Array }
  }[]
  expect(event!.PayloadChunk.Payload.length).toBe(6_291_556)
})

test('lengths and checksums are where the format wants them, headers in the order of AWS', () => {
  const message = chunk(Buffer.from('x'))
  expect(message.readUInt32BE(0)).toBe(message.length)
  expect(message.readUInt32BE(8)).toBe(crc32(message.subarray(0, 8)))
  expect(message.readUInt32BE(message.length - 4)).toBe(crc32(message.subarray(0, -4)))
  const headers = message.subarray(12, 12 + message.readUInt32BE(4)).toString('latin1')
  expect(headers).toBe(
    '\x0d:message-type\x07\x00\x05event\x0b:event-type\x07\x00\x0cPayloadChunk\x0d:content-type\x07\x00\x18application/octet-stream',
  )
})
