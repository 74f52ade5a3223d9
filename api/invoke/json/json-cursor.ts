import { tab, lineFeed, carriageReturn, recordSeparator, space, slash, zero, nine } from './ascii.ts'
import { described } from './java-characters.ts'

/** The first fault of a JSON text; the message is Jackson's. */
export class JsonFault extends Error {}

/** An open list or object, or the document, and where it starts. */
export interface JsonContext {
  readonly kind: 'root' | 'Array' | 'Object'
  readonly line: number
  readonly column: number
}

const redacted = 'Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)'
const separatorHint =
  ' (consider enabling `JsonReadFeature.ALLOW_RS_CONTROL_CHAR` to allow use of Record Separators (\\u001E))'
const noComment =
  "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)"

/** What the cursor answers in place of a byte at the end of the text. */
export const noMore = -1

/** A place in a JSON text in UTF-8 and what is open there; makes the faults that are found at it. */
export class JsonCursor {
  readonly bytes: Uint8Array
  readonly end: number
  at: number
  /** The newest token, by Jackson's name. */
  token = 'null'
  readonly contexts: JsonContext[] = [{ kind: 'root', line: 1, column: 0 }]
  private line = 1
  private lineStart = 0
  private tokenLine = 1
  private tokenColumn = 0

  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes
    this.end = bytes.length
    this.at = start
  }

  skipSpace(): number {
    while (this.at < this.end) {
      const byte = this.bytes[this.at++] ?? 0
      if (byte > space) {
        if (byte === slash) throw this.unexpected(byte, noComment)
        return byte
      }
      if (byte === lineFeed) this.newLine()
      else if (byte === carriageReturn) {
        if (this.bytes[this.at] === lineFeed) this.at++
        this.newLine()
      } else if (byte !== space && byte !== tab) throw this.illegalSpace(byte)
    }
    return noMore
  }

  private newLine(): void {
    this.line++
    this.lineStart = this.at
  }

  private illegalSpace(byte: number): JsonFault {
    const hint = byte === recordSeparator ? separatorHint : ''
    return this.fault(
      `Illegal character (${described(byte)}): only regular white space (\\r, \\n, \\t) is allowed between tokens${hint}`,
    )
  }

  get context(): JsonContext {
    const context = this.contexts.at(-1)
    if (context === undefined) throw new Error('A JSON document ended twice.')
    return context
  }

  peek(): number {
    return this.at < this.end ? (this.bytes[this.at] ?? 0) : 0
  }

  take(): number {
    return this.takeOr(` in ${this.token}`)
  }

  takeOr(place: string): number {
    if (this.at >= this.end) throw this.endOfInput(place)
    return this.bytes[this.at++] ?? 0
  }

  /** The code point that starts with a byte that was taken. */
  decodeForMessage(first: number): number {
    if (first < 0x80) return first
    const more = continuationBytes(first)
    if (more === 0) throw this.invalidStart(first)
    let code = first & (0x3f >> more)
    for (let count = 0; count < more; count++) {
      const byte = this.take()
      if ((byte & 0xc0) !== 0x80) throw this.invalidMiddle(byte)
      code = code * 64 + (byte & 0x3f)
    }
    return code
  }

  invalidStart(byte: number): JsonFault {
    return this.fault(`Invalid UTF-8 start byte 0x${byte.toString(16)}`)
  }

  invalidMiddle(byte: number): JsonFault {
    return this.fault(`Invalid UTF-8 middle byte 0x${byte.toString(16)}`)
  }

  endOfInput(place: string): JsonFault {
    return this.fault(`Unexpected end-of-input${place}`)
  }

  unexpected(code: number, expected: string): JsonFault {
    return this.faultBefore(`Unexpected character (${described(code)}): ${expected}`)
  }

  unexpectedInNumber(code: number, expected: string): JsonFault {
    return this.faultBefore(`Unexpected character (${described(code)}) in numeric value: ${expected}`)
  }

  fault(text: string): JsonFault {
    return this.faultAt(text, this.line, this.at - this.lineStart + 1)
  }

  /** A fault at the character that was just taken. */
  faultBefore(text: string): JsonFault {
    return this.faultAt(text, this.line, this.at - this.lineStart)
  }

  faultAt(text: string, line: number, column: number): JsonFault {
    return new JsonFault(`${text}\n at ${locationOf(line, column)}`)
  }

  /** Remembers the byte that was just taken as the start of a token. */
  markToken(): void {
    this.tokenLine = this.line
    this.tokenColumn = this.at - this.lineStart
  }

  /** Opens a list or object at the current token. */
  open(kind: 'Array' | 'Object'): void {
    this.contexts.push({ kind, line: this.tokenLine, column: this.tokenColumn })
  }

  /** A fault at the start of the current token. */
  faultAtToken(text: string): JsonFault {
    return this.faultAt(text, this.tokenLine, this.tokenColumn)
  }
}

/** A place as Jackson writes it; only the line of a document that has no token. */
export function locationOf(line: number, column?: number): string {
  return `[${redacted}; line: ${String(line)}${column === undefined ? '' : `, column: ${String(column)}`}]`
}

/** How many bytes follow the first one of a UTF-8 sequence; 0 for a byte that starts none. */
export function continuationBytes(first: number): number {
  if ((first & 0xe0) === 0xc0) return 1
  if ((first & 0xf0) === 0xe0) return 2
  return (first & 0xf8) === 0xf0 ? 3 : 0
}

/** Whether the byte is an ASCII digit. */
export function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine
}
