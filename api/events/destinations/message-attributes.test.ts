import { expect, test } from '@jest/globals'
import { messageAttributes } from './message-attributes.ts'

const messageOf = (errorMessage: string) =>
  messageAttributes({ requestId: 'r', errorCode: 200, errorMessage })['ErrorMessage']?.StringValue

test('an error with ANSI colours is sent without the characters that SQS rejects', () => {
  expect(messageOf('\u001b[31mred\u001b[0m \0\ufffe')).toBe('\ufffd[31mred\ufffd[0m \ufffd\ufffd')
})

test('a lone surrogate at the end of a truncated text is replaced by a character that SQS accepts', () => {
  expect(messageOf('cut \ud83d')).toBe('cut \ufffd')
})

test('other texts of an error are sent unchanged, and empty ones are left out', () => {
  expect(messageOf('line\n\tnext\r é 😀')).toBe('line\n\tnext\r é 😀')
  expect(messageOf('')).toBeUndefined()
})
