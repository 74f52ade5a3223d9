import { expect, test } from '@jest/globals'
import { encode } from './encode.ts'
import { operation } from './operations.ts'
import type { OperationName } from './operations.ts'

const body = (name: OperationName, output: Record<string, unknown>) => encode(operation(name), output).body?.toString()

test('members go to headers, the status and the raw payload', () => {
  const Payload = Buffer.from('"x"')
  const output = { StatusCode: 202, FunctionError: 'Unhandled', ExecutedVersion: '3', LogResult: undefined, Payload }
  expect(encode(operation('Invoke'), output)).toEqual({
    status: 202,
    headers: { 'X-Amz-Function-Error': 'Unhandled', 'X-Amz-Executed-Version': '3' },
    body: Payload,
  })
})

test('undefined members are left out, null ones are written, others are unknown', () => {
  const output = { FunctionName: 'f', Handler: undefined, Description: null, Secret: 1, Environment: { Variables: {} } }
  expect(body('GetFunctionConfiguration', output)).toBe(
    '{"FunctionName":"f","Description":null,"Environment":{"Variables":{}}}',
  )
})

test('a date of a function is text with milliseconds, a date of a mapping is a number of seconds', () => {
  const LastModified = new Date('2025-11-25T02:46:47.123Z')
  expect(body('GetFunctionConfiguration', { LastModified })).toBe('{"LastModified":"2025-11-25T02:46:47.123+0000"}')
  expect(body('GetEventSourceMapping', { LastModified })).toBe('{"LastModified":1764038807.123}')
  expect(body('GetFunctionConfiguration', { LastModified: 'as it is' })).toBe('{"LastModified":"as it is"}')
})

test('the key __proto__ of a map is written like any other', () => {
  const Tags = JSON.parse('{"__proto__":"a"}') as unknown
  expect(body('ListTags', { Tags })).toBe('{"Tags":{"__proto__":"a"}}')
})

test('DeleteFunction answers 204 without a body, whatever the model says', () => {
  expect(encode(operation('DeleteFunction'), {})).toEqual({ status: 204, headers: {}, body: undefined })
})

test('an operation without output has no body, one with an empty output has an empty object', () => {
  expect(encode(operation('TagResource'), {})).toEqual({ status: 204, headers: {}, body: undefined })
  expect(body('SendDurableExecutionCallbackHeartbeat', {})).toBe('{}')
})
