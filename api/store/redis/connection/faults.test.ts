import { expect, test } from '@jest/globals'
import { explain, isForGood, replyOf } from './faults.ts'

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' })
}

function explained(message: string): unknown {
  try {
    explain(reply(message))
  } catch (fault) {
    return fault
  }
}

/** Redis 6's format of an error inside a script. */
const inScript = (text: string) =>
  `ERR Error running script (call to f_b471d2691164d21cca4669f124c58034ad89a164): @user_script:25: @user_script: 25: ${text}`

const passing = [
  "READONLY You can't write against a read only replica.",
  "OOM command not allowed when used memory > 'maxmemory'.",
  'MISCONF Errors writing to the AOF file: No space left on device',
  'NOREPLICAS Not enough good replicas to write.',
]

test.each([
  ...passing,
  ...passing.map((text) => inScript(`-${text}`)),
  ...passing.map((text) => inScript(text)),
  inScript('Lua script attempted to access a non local key in a cluster node'),
  'ERR Script attempted to access a non local key in a cluster node script: b471d2, on @user_script:25.',
  'ERR Script attempted to access a slot not served script: b471d2, on @user_script:25.',
  'ERR Script attempted to execute a write command while the cluster is down and readonly script: b4, on @user_script:2.',
])('%s passes: it is a 503, and waited for at the start', (message) => {
  expect(explained(message)).toMatchObject({ name: 'ServiceException', status: 503 })
  expect(isForGood(reply(message))).toBe(false)
})

test.each([
  'WRONGTYPE Operation against a key holding the wrong kind of value',
  inScript('WRONGTYPE Operation against a key holding the wrong kind of value'),
  'ERR Error running script (call to f_b4): @user_script:1: user_script:1: attempt to index a nil value',
])('%s is a fault of ours', (message) => {
  expect(explained(message)).toMatchObject({ message: expect.stringMatching(/^Redis refused a command: /) })
  expect(isForGood(reply(message))).toBe(true)
})

test('a master that became a replica is detected by its error inside a script', () => {
  expect(replyOf(reply(inScript("-READONLY You can't write against a read only replica.\r\n")))).toMatch(/^READONLY /)
})
