import assert from 'node:assert/strict'
import type { Answer } from './case-context.ts'

export interface Refusal {
  readonly status: number
  readonly name: string
  readonly message?: string | RegExp
}

interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string }
}

/** Asserts that the call is refused with this status, exception and message. */
export async function refuses(call: Promise<unknown>, expected: Refusal): Promise<void> {
  const error = await call.then(
    () => assert.fail(`expected ${expected.name}, but the call succeeded`),
    (reason: unknown) => reason as ServiceError,
  )
  if (error instanceof assert.AssertionError) throw error
  assert.deepEqual(
    { name: error.name, status: error.$metadata?.httpStatusCode, text: error.message },
    {
      name: expected.name,
      status: expected.status,
      text: typeof expected.message === 'string' ? expected.message : error.message,
    },
  )
  if (expected.message instanceof RegExp) assert.match(error.message, expected.message)
}

export function notFound(message: string): Refusal {
  return { status: 404, name: 'ResourceNotFoundException', message }
}

export function badParameter(message: string | RegExp): Refusal {
  return { status: 400, name: 'InvalidParameterValueException', message }
}

export function conflict(message: string | RegExp): Refusal {
  return { status: 409, name: 'ResourceConflictException', message }
}

/** A constraint violation; `violations` are the parts after "N validation errors detected: ". */
export function invalid(...violations: string[]): Refusal {
  const head = `${String(violations.length)} validation error${violations.length === 1 ? '' : 's'} detected: `
  return { status: 400, name: 'ValidationException', message: head + violations.join('; ') }
}

/** Asserts that the function failed with exactly this JSON, keys in this order. */
export function failsWith(answer: Answer, expected: Readonly<Record<string, unknown>>): void {
  assert.equal(answer.status, 200)
  assert.equal(answer.functionError, 'Unhandled', `no function error; the payload is ${answer.text.slice(0, 300)}`)
  assert.equal(answer.text, JSON.stringify(expected))
}

/** Asserts that the function returned this value. */
export function answers(answer: Answer, expected: unknown): void {
  assert.deepEqual(
    { functionError: answer.functionError, status: answer.status, payload: parse(answer.text) },
    { functionError: undefined, status: 200, payload: expected },
  )
}

/** The payload as JSON; the function must not have failed. */
// The caller names the type, as with JSON.parse.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export function valueOf<Value>(answer: Answer): Value {
  assert.equal(answer.functionError, undefined, `the function failed: ${answer.text.slice(0, 500)}`)
  return JSON.parse(answer.text) as Value
}

/** The payload of a failed function as JSON. */
export function failureOf(answer: Answer): Record<string, unknown> {
  assert.equal(answer.status, 200)
  assert.equal(answer.functionError, 'Unhandled', `no function error; the payload is ${answer.text.slice(0, 300)}`)
  return JSON.parse(answer.text) as Record<string, unknown>
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return `not JSON: ${text}`
  }
}
