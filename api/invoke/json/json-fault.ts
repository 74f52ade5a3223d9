import { JsonFault } from './json-cursor.ts'
import { readDocument } from './json-reader.ts'

/** What Jackson says of bytes that it does not read as JSON, with the place; undefined for bytes that it reads. */
export function findJsonFault(bytes: Buffer): string | undefined {
  try {
    readDocument(bytes, hasMark(bytes) ? 3 : 0)
    return undefined
  } catch (fault) {
    if (fault instanceof JsonFault) return fault.message
    throw fault
  }
}

/** Whether the bytes begin with UTF-8's byte order mark, which Jackson skips. */
function hasMark(bytes: Buffer): boolean {
  return bytes.length > 3 && bytes.readUIntBE(0, 3) === 0xefbbbf
}
