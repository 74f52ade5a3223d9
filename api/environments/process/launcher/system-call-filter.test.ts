import { describe, expect, test } from '@jest/globals'
import { deniedCalls } from './denied-calls.ts'
import { systemCallFilter } from './system-call-filter.ts'

const codes = { x64: 0xc000_003e, ia32: 0x4000_0003, arm64: 0xc000_00b7, arm: 0x4000_0028 }
const [allowed, notPermitted, notImplemented] = [0x7fff_0000, 0x0005_0001, 0x0005_0026]

/** What the kernel would do: the filter's result for a call of this convention. */
function decide(filter: Uint8Array, code: number, number: number, argument = 0): number {
  const program = Buffer.from(filter)
  const data = new Map([
    [0, number],
    [4, code],
    [16, argument],
  ])
  let word = 0
  for (let at = 0; ;) {
    const [kind, jump] = [program.readUInt16LE(at), program[at + 2]!]
    const value = program.readUInt32LE(at + 4)
    let holds = false
    if (kind === 0x20) word = data.get(value)!
    else if (kind === 0x06) return value
    else if (kind === 0x15) holds = word === value
    else if (kind === 0x35) holds = word >= value
    else if (kind === 0x45) holds = (word & value) !== 0
    else throw new Error(`no such instruction: ${String(kind)}`)
    at += 8 * (holds ? jump + 1 : 1)
  }
}

describe.each([
  ['x64', 'x64', { read: 0, execve: 59, clone: 56, clone3: 435, personality: 135, socket: 41 }],
  ['x64', 'ia32', { read: 3, execve: 11, clone: 120, clone3: 435, personality: 136, socket: 359 }],
  ['arm64', 'arm64', { read: 63, execve: 221, clone: 220, clone3: 435, personality: 92, socket: 198 }],
] as const)('the filter of %s for programs of %s', (machine, convention, calls) => {
  const filter = systemCallFilter(machine)
  const decision = (number: number, argument?: number) => decide(filter, codes[convention], number, argument)

  test('denies each call of the list, and no other one', () => {
    const denied = deniedCalls(convention)
    const numbers = Array.from({ length: 463 }, (_, number) => number)
    const found = numbers.filter((number) => decision(number) === notPermitted)
    expect(found).toEqual(denied.toSorted((one, other) => one - other))
    expect([decision(calls.read), decision(calls.execve)]).toEqual([allowed, allowed])
  })

  test('decides by arguments where these matter', () => {
    const threads = 0x3d_0f00
    expect([threads, 0x11, 0x1000_0011, 0x2_0011].map((flags) => decision(calls.clone, flags))).toEqual([
      allowed,
      allowed,
      notPermitted,
      notPermitted,
    ])
    expect([0, 0xffff_ffff, 0x40_0000].map((each) => decision(calls.personality, each))).toEqual([
      allowed,
      allowed,
      notPermitted,
    ])
    expect([1, 2, 10, 16, 38, 40].map((family) => decision(calls.socket, family))).toEqual([
      allowed,
      allowed,
      allowed,
      allowed,
      notPermitted,
      notPermitted,
    ])
  })

  test('knows no calls newer than itself, no clone3, and no other kind of program', () => {
    expect([calls.clone3, 463, 0x4000_0000].map((number) => decision(number))).toEqual([
      notImplemented,
      notImplemented,
      notImplemented,
    ])
    expect(decide(filter, codes.arm, 1)).toBe(notImplemented)
  })
})
