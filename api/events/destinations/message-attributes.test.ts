import { expect, test } from '@jest/globals'
import { messageAttributes } from './message-attributes.ts'

const messageOf = (errorMessage: string) =>
  messageAttributes({ requestId: 'r', errorCode: 200, errorMessage })['ErrorMessage']?.StringValue

test('an error in colours is told without the characters that SQS refuses', () => {
  expect(messageOf('\u001b[31mred\u001b[0m \0\ufffe')).toBe('\ufffd[31mred\ufffd[0m \ufffd\ufffd')
})

test('half a character at the end of a text that was cut is told as a character that SQS takes', () => {
  expect(messageOf('cut \ud83d')).toBe('cut \ufffd')
})

test('all else of an error is told as it is, and an empty text not at all', () => {
  expect(messageOf('line\n\tnext\r é 😀')).toBe('line\n\tnext\r é 😀')
  expect(messageOf('')).toBeUndefined()
})
