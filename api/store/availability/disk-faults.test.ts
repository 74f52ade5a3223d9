import { DatabaseSync } from 'node:sqlite'
import { expect, test } from '@jest/globals'
import { isStoreUnavailable } from '../../errors.ts'
import { explainDiskFault, isDiskFault } from './disk-faults.ts'

function faultOf(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (cause) {
    return cause
  }
}

test('a full database is a fault that can pass, and answered 503', () => {
  const database = new DatabaseSync(':memory:')
  database.exec('PRAGMA max_page_count = 2; CREATE TABLE t (bytes BLOB)')
  const full = faultOf(() => database.prepare('INSERT INTO t VALUES (zeroblob(100000))').run())
  expect(full).toMatchObject({ message: 'database or disk is full' })
  expect(isDiskFault(full)).toBe(true)
  const answered = faultOf(() => explainDiskFault(full))
  expect(isStoreUnavailable(answered)).toBe(true)
  expect(answered).toMatchObject({ name: 'ServiceException', cause: full })
  database.close()
})

test.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE'])('%s can pass', (code) => {
  expect(isDiskFault(Object.assign(new Error(code), { code }))).toBe(true)
})

test('mistakes do not pass', () => {
  const database = new DatabaseSync(':memory:')
  const mistake = faultOf(() => database.exec('SELECT FROM'))
  database.close()
  for (const cause of [mistake, new TypeError('x'), Object.assign(new Error('x'), { code: 'ENOENT' }), 'text']) {
    expect(isDiskFault(cause)).toBe(false)
    expect(faultOf(() => explainDiskFault(cause))).toBe(cause)
  }
})
