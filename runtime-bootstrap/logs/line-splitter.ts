/** Splits a process's output into complete lines. */
export interface LineSplitter {
  /** The complete lines so far, with their newlines; empty while there are none. */
  split(chunk: Buffer): Buffer
  /** The unfinished line, ended with a newline. */
  rest(): Buffer
}

const nothing = Buffer.alloc(0)
const lineEnd = Buffer.from('\n')
/** Longer lines are split. */
const longestLine = 65_536

export function createLineSplitter(): LineSplitter {
  let open: Buffer = nothing

  function rest(): Buffer {
    const line = open
    open = nothing
    return line.length === 0 ? line : Buffer.concat([line, lineEnd])
  }

  return {
    split(chunk) {
      const text = open.length === 0 ? chunk : Buffer.concat([open, chunk])
      const end = text.lastIndexOf(lineEnd) + 1
      open = text.subarray(end)
      const lines = text.subarray(0, end)
      return open.length > longestLine ? Buffer.concat([lines, rest()]) : lines
    },
    rest,
  }
}
