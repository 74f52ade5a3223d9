import { expect, test } from '@jest/globals'
import { createLog } from './log.ts'

test('function output carries its source on every line and is written in one piece', () => {
  const written: string[] = []
  const log = createLog({ write: (text) => written.push(text) }, { write: () => undefined }, () => new Date(0))
  log.functionOutput('hello[$LATEST]', 'START\nEND\n')
  log.functionOutput('other[1]', 'START\n')
  log.flush()
  expect(written).toEqual(['hello[$LATEST] START\nhello[$LATEST] END\nother[1] START\n'])
})

test('the server says its own lines with time and level, and the cause of a fault', () => {
  const written: string[] = []
  const log = createLog({ write: () => undefined }, { write: (text) => written.push(text) }, () => new Date(0))
  log.warn('no isolation')
  log.error('the environment was lost', new Error('socket closed'))
  expect(written[0]).toBe('1970-01-01T00:00:00.000Z WARN no isolation\n')
  expect(written[1]).toContain('ERROR the environment was lost\nError: socket closed')
})
