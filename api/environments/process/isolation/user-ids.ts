import { readFileSync } from 'node:fs'
import type { User } from './sandbox.ts'

/** The ids that this user namespace has: first id and count of each range, from `/proc/self/uid_map`. */
export interface IdRange {
  readonly first: number
  readonly count: number
}

/** Where all ids exist: far above those of people, services and containers, apart from other servers of this machine. */
const [firstBlock, blocks, blockSize] = [2_000_000_000, 1000, 100_000]

/** The ids of this process's user namespace. */
function readIdRanges(): IdRange[] {
  try {
    const lines = readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n')
    return lines
      .map((line) => line.trim().split(/\s+/).map(Number))
      .map(([first = 0, , count = 0]) => ({ first, count }))
  } catch {
    return []
  }
}

/** Users for environments by number, one each; a number that is very much larger gets the same user again. */
export function userAllocator(random: () => number, ranges = readIdRanges()): (number: number) => User {
  const { first, count } = rangeForUsers(random, ranges)
  return (number) => {
    const id = first + (number % count)
    return { uid: id, gid: id }
  }
}

function rangeForUsers(random: () => number, ranges: readonly IdRange[]): IdRange {
  const block = { first: firstBlock + Math.floor(random() * blocks) * blockSize, count: blockSize }
  if (ranges.some(({ first, count }) => first <= block.first && first + count >= block.first + blockSize)) return block
  // A container with some thousand ids: the upper half of them, where no user of its image is.
  const { first, count } = ranges.toSorted((one, other) => other.count - one.count)[0] ?? { first: 0, count: 65_536 }
  const half = Math.max(1, Math.floor(count / 2))
  return { first: first + count - half, count: Math.max(1, half - 1000) }
}
