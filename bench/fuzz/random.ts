/** A reproducible source of choices: the same seed makes the same choices. */
export interface Random {
  /** An integer from 0 up to, and without, `below`. */
  below(below: number): number
  /** True with this probability. */
  chance(probability: number): boolean
  pick<Item>(items: readonly Item[]): Item
  bytes(length: number): Buffer
}

/** A generator of 32 bits (xorshift), which is fast and good enough to choose inputs. */
export function createRandom(seed: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b) >>> 0 || 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>>= 0)
  }
  const below = (limit: number): number => next() % limit
  return {
    below,
    chance: (probability) => next() < probability * 2 ** 32,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  }
}

const hostile = [
  '',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '../../../../etc/passwd',
  '..%2f..%2f',
  '%00',
  '\0',
  '\r\nInjected: yes',
  '\u202e\ufeff',
  '\ud800',
  '😀'.repeat(20),
  '$LATEST',
  '$LATEST.PUBLISHED',
  ':$LATEST',
  'a'.repeat(300),
  '/'.repeat(5000),
  'arn:aws:lambda:us-east-1:000000000000:function:',
  'arn:aws:sqs:us-east-1:000000000000:queue',
  '{{7*7}}',
  "' OR 1=1 --",
  '%',
  '%zz',
  '*',
  '[',
  'NaN',
  '-1',
  '1e999',
]

/** A text that programs often mistake, or a short random one. */
export function hostileText(random: Random): string {
  if (random.chance(0.6)) return random.pick(hostile)
  return random.bytes(random.below(40)).toString('latin1')
}

const numbers = [0, -1, 1, 2 ** 31, -(2 ** 31), 2 ** 53, 1e308, 0.5, 128, 900]

/** A number at an edge of the usual types. */
export function hostileNumber(random: Random): number {
  return random.pick(numbers)
}
