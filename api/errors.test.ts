import { expect, test } from '@jest/globals'
import { kinds } from './errors.ts'
import { modelledErrors } from './model/operations.ts'

/** Exceptions that AWS sends, or that are ours, and that the model does not define (reference 1.4). */
const notModelled = [
  'AccessDeniedException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'NotImplementedException',
  'RequestEntityTooLargeException',
  'SerializationException',
  'UnknownOperationException',
  'UnrecognizedClientException',
  'ValidationException',
]

const modelled = Object.values(kinds).filter(({ name }) => !notModelled.includes(name))

test.each(modelled)('$name has the status and the message key of the model', (kind) => {
  const messageKey = 'capitalMessage' in kind ? 'Message' : 'message'
  expect({ status: kind.status, messageKey }).toEqual(modelledErrors[kind.name])
})

test('an exception said not to be modelled is not in the model', () => {
  for (const name of notModelled) expect(modelledErrors).not.toHaveProperty(name)
})
