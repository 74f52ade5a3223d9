/** Cuts what a process writes into whole lines. */
export interface LineSplitter {
  /** The lines that are whole now, with their newlines; empty while there are none. */
  split(chunk: Buffer): Buffer
  /** The line that has no end yet, taken as a whole one. */
  rest(): Buffer
}

const nothing = Buffer.alloc(0)
const lineEnd = Buffer.from('\n')
/** A line that is longer is cut. */
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
