import { describe, expect, test } from '@jest/globals'
import { BrokenJson, decode } from './decode.ts'
import type { RawRequest } from './decode.ts'
import { operation } from './operations.ts'
import type { OperationName } from './operations.ts'

function decoded(
  name: OperationName,
  { body, ...rest }: Partial<Omit<RawRequest, 'body'>> & { body?: unknown },
): unknown {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body))
  return decode(operation(name), { labels: {}, query: '', headers: {}, ...rest, body: bytes })
}

describe('places', () => {
  test('labels, query, headers and the raw payload become members', () => {
    const labels = { FunctionName: 'arn:aws:lambda:us-east-1:000000000000:function:echo' }
    const headers = { 'x-amz-invocation-type': 'Event', 'x-amz-log-type': 'Tail' }
    const body = Buffer.from('not read here')
    expect(decoded('Invoke', { labels, headers, query: 'Qualifier=%24LATEST', body })).toEqual({
      FunctionName: labels.FunctionName,
      InvocationType: 'Event',
      LogType: 'Tail',
      Qualifier: '$LATEST',
      Payload: body,
    })
  })

  test('a query gives numbers, booleans, lists and dates', () => {
    const query = 'Statuses=RUNNING&Statuses=FAILED&MaxItems=7&ReverseOrder=true&StartedAfter=2026-01-02T03:04:05Z'
    expect(decoded('ListDurableExecutionsByFunction', { query })).toEqual({
      Statuses: ['RUNNING', 'FAILED'],
      MaxItems: 7,
      ReverseOrder: true,
      StartedAfter: new Date('2026-01-02T03:04:05Z'),
    })
  })

  test('of a scalar repeated in the query the first counts, keys are spelled as in the model, others are ignored', () => {
    expect(decoded('ListFunctions', { query: 'MaxItems=1&MaxItems=x&maxitems=3&other&Marker=' })).toEqual({
      MaxItems: 1,
      Marker: '',
    })
    expect(decoded('UntagResource', { query: 'tagKeys=a%2Bb&tagKeys=c+d' })).toEqual({ TagKeys: ['a+b', 'c d'] })
  })

  test('a payload that is a structure is the whole body', () => {
    expect(decoded('StopDurableExecution', { body: { ErrorType: 'T', StackTrace: ['a'] } })).toEqual({
      Error: { ErrorType: 'T', StackTrace: ['a'] },
    })
    expect(decoded('StopDurableExecution', {})).toEqual({})
  })

  test('an operation without members in the body does not read one', () => {
    expect(decoded('GetFunction', { labels: { FunctionName: 'f' }, body: Buffer.from('{') })).toEqual({
      FunctionName: 'f',
    })
  })
})

describe('bodies', () => {
  test('bytes come as base64, dates as seconds; null and unknown members are left out', () => {
    const body = { FunctionName: 'f', Code: { ZipFile: 'UEs=', S3Key: null }, Handler: null, Nothing: 1, Timeout: 3 }
    expect(decoded('CreateFunction', { body })).toEqual({
      FunctionName: 'f',
      Code: { ZipFile: Buffer.from('PK') },
      Timeout: 3,
    })
    expect(decoded('CreateEventSourceMapping', { body: { StartingPositionTimestamp: 1.5 } })).toEqual({
      StartingPositionTimestamp: new Date(1500),
    })
  })

  test('an empty body and the body null are an input without members', () => {
    expect(decoded('CreateFunction', {})).toEqual({})
    expect(decoded('CreateFunction', { body: null })).toEqual({})
  })

  test('a key such as __proto__ is a key like any other', () => {
    const body = Buffer.from('{"Tags":{"__proto__":"a","constructor":"b"},"__proto__":{"Handler":"x"}}')
    const input = decoded('CreateFunction', { body }) as { Tags: Record<string, unknown> }
    expect(Object.entries(input.Tags)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
    expect(Object.keys(input)).toEqual(['Tags'])
    expect({}).not.toHaveProperty('Handler')
  })

  test.each(['{', '{"a":}', 'x', '{"a":1}}', '\u{feff}{}'])('the body %s is no JSON', (text) => {
    expect(() => decoded('CreateFunction', { body: Buffer.from(text) })).toThrow(BrokenJson)
  })

  test('bytes that are no UTF-8 are no JSON', () => {
    expect(() => decoded('CreateFunction', { body: Buffer.from([0x22, 0x87, 0x22]) })).toThrow(BrokenJson)
  })
})

const noBase64 = 'Failed to decode VALUE_STRING as base64'
const noList = 'Start of list found where not expected'
const noObject = 'Start of structure or map found where not expected.'

test.each<[string, unknown, string]>([
  ['a text for an Integer', { Timeout: '3' }, 'STRING_VALUE can not be converted to an Integer'],
  ['a boolean for an Integer', { Timeout: true }, 'TRUE_VALUE can not be converted to an Integer'],
  ['a fraction for an Integer', { Timeout: 1.5 }, 'NUMBER_VALUE can not be converted to an Integer'],
  ['a number beyond 32 bits', { Timeout: 2 ** 31 }, 'NUMBER_VALUE can not be converted to an Integer'],
  ['a number for a String', { Handler: 1 }, 'NUMBER_VALUE can not be converted to a String'],
  ['a list for a String', { Handler: [] }, noList],
  ['a structure for a String', { Handler: {} }, noObject],
  ['a text for a Boolean', { Publish: 'true' }, 'STRING_VALUE can not be converted to a Boolean'],
  ['a text for a list', { Layers: 'a' }, 'Expected list or null'],
  ['a structure for a list', { Layers: {} }, noObject],
  ['a list for a structure', { Code: [] }, noList],
  ['a text for a map', { Tags: 'a' }, 'Expected map or null'],
  ['a number in a map', { Tags: { a: 1 } }, 'NUMBER_VALUE can not be converted to a String'],
  ['a number for bytes', { Code: { ZipFile: 1 } }, 'NUMBER_VALUE can not be converted to a Blob'],
  ['other characters in base64', { Code: { ZipFile: 'UE!=' } }, noBase64],
  ['the URL alphabet of base64', { Code: { ZipFile: 'UE-_' } }, noBase64],
  ['base64 without padding', { Code: { ZipFile: 'UEs' } }, noBase64],
  ['base64 with a line end', { Code: { ZipFile: 'UEs=\n' } }, noBase64],
  ['padding within base64', { Code: { ZipFile: 'UE==UE==' } }, noBase64],
  ['a list as the body', [], noList],
  ['a text as the body', 'a', 'Unexpected value type in payload'],
])('%s is a SerializationException', (_, body, message) => {
  expect(() => decoded('CreateFunction', { body })).toThrow(
    expect.objectContaining({ name: 'SerializationException', status: 400, message }),
  )
})

test.each([
  ['MaxItems=many', 'STRING_VALUE can not be converted to an Integer'],
  ['MaxItems=', 'STRING_VALUE can not be converted to an Integer'],
  ['MaxItems=99999999999', 'STRING_VALUE can not be converted to an Integer'],
  ['Marker=%ZZ', 'The query of the request URI has an escape that is not UTF-8'],
])('the query %s is a SerializationException', (query, message) => {
  expect(() => decoded('ListFunctions', { query })).toThrow(
    expect.objectContaining({ name: 'SerializationException', message }),
  )
})
