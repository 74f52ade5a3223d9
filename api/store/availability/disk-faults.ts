import { storeUnavailable } from '../../errors.ts'

/**
 * The system's codes for a disk that is full, over its quota, read-only or failing, and for a process or a machine that has no free
 * file or memory. All of them can pass.
 */
const systemCodes = new Set([
  ...['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EIO', 'ESTALE', 'ETIMEDOUT', 'EAGAIN'],
  ...['EMFILE', 'ENFILE', 'ENOMEM'],
])

/** The same as SQLite's primary result codes: BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN. */
const sqliteCodes = new Set([5, 6, 7, 8, 10, 13, 14])

/** Whether a file or the database could not be read or written for a reason that can pass. */
export function isDiskFault(cause: unknown): boolean {
  if (typeof cause !== 'object' || cause === null) return false
  const { code, errcode } = cause as { code?: unknown; errcode?: unknown }
  if (typeof errcode === 'number') return sqliteCodes.has(errcode & 0xff)
  return typeof code === 'string' && systemCodes.has(code)
}

/** Throws Lambda's 503 for a disk fault, and the cause itself for others. */
export function explainDiskFault(cause: unknown): never {
  throw isDiskFault(cause) ? storeUnavailable(cause) : cause
}
