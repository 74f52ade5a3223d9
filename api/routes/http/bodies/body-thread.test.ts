import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { LambdaError } from '../../../errors.ts'
import { payloadFaultOf } from '../../../invoke/payload.ts'
import { decodeBody } from './decode-body.ts'
import { createBodyThread } from './body-thread.ts'

const thread = createBodyThread()
const request = (body: string | Buffer) => ({ labels: {}, query: '', headers: {}, body: Buffer.from(body as string) })
const members = {
  FunctionName: 'f',
  Runtime: 'nodejs24.x',
  Handler: 'index.handler',
  Role: 'arn:aws:iam::000000000000:role/r',
}

function described(error: unknown) {
  if (!(error instanceof LambdaError)) throw error
  const { name, status, message, members: others, capitalMessage } = error
  return { name, status, message, others, capitalMessage }
}

function onTheLoop(body: string | Buffer): unknown {
  try {
    return decodeBody('CreateFunction', request(body))
  } catch (error) {
    return described(error)
  }
}

test('a package of megabytes is decoded as on the event loop', async () => {
  const body = JSON.stringify({
    ...members,
    Code: { ZipFile: randomBytes(3_000_000).toString('base64') },
    Tags: { a: 'b' },
  })
  const input = await thread.decode('CreateFunction', request(body))
  const [{ ZipFile: zip }, ...others] = [input['Code'] as { ZipFile: Buffer }, input['Tags'], input['FunctionName']]
  const expected = onTheLoop(body) as { Code: { ZipFile: Buffer } }
  expect(Buffer.isBuffer(zip) && zip.equals(expected.Code.ZipFile)).toBe(true)
  expect(others).toEqual([{ a: 'b' }, 'f'])
})

test('times and maps are decoded as on the event loop', async () => {
  const body = JSON.stringify({
    FunctionName: 'f',
    EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
    StartingPositionTimestamp: 1_700_000_000,
    Tags: { ['__proto__']: 'own' },
    Topics: ['topic'],
    Unknown: 'x'.repeat(600_000),
  })
  const input = await thread.decode('CreateEventSourceMapping', request(body))
  expect(input['StartingPositionTimestamp']).toEqual(new Date(1_700_000_000_000))
  expect(Object.entries(input['Tags'] as object)).toEqual([['__proto__', 'own']])
  expect(input).toEqual(decodeBody('CreateEventSourceMapping', request(body)))
})

test.each([
  ['not JSON', `{"x":"${'a'.repeat(600_000)}`],
  ['not UTF-8', Buffer.concat([Buffer.from('{"x":"'), Buffer.alloc(600_000, 0xff)])],
  ['too deep', `{"x":${'['.repeat(600_000)}`],
  ['against the model', JSON.stringify({ ...members, Timeout: 0, Description: 'x'.repeat(600_000), Code: {} })],
  ['of the wrong type', JSON.stringify({ ...members, Timeout: 'x'.repeat(600_000), Code: {} })],
  ['a list', `[${'1,'.repeat(300_000)}1]`],
])('a body that is %s is refused as on the event loop', async (_, body) => {
  const refusal = await thread.decode('CreateFunction', request(body)).then(() => undefined, described)
  expect(refusal).toBeDefined()
  expect(refusal).toEqual(onTheLoop(body))
})

test('events are checked as on the event loop', async () => {
  for (const text of [`["${'a'.repeat(600_000)}"]`, `[${'[],'.repeat(200_000)}0`, '[1,]', 'null']) {
    const payload = Buffer.from(text)
    expect(await thread.faultOf(payload)).toBe(payloadFaultOf(payload))
    expect(payload.toString()).toBe(text)
  }
})

test('a body with too many values is refused before it is parsed, and the next one is read', async () => {
  const body = Buffer.from(`{"x":[${'[],'.repeat(20_000_000)}0]}`)
  const refusal = await thread
    .decode('CreateFunction', { labels: {}, query: '', headers: {}, body })
    .then(() => undefined, described)
  expect(refusal).toMatchObject({ name: 'RequestEntityTooLargeException', status: 413 })
  expect(await thread.faultOf(Buffer.from('[1]'))).toBeUndefined()
})
