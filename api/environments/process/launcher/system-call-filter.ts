import type { Machine } from './elf.ts'
import { conditionalCalls, deniedCalls, type CallingConvention } from './denied-calls.ts'

/** One instruction of a classic BPF program; a jump goes to its label if the condition holds, else to the next one. */
interface Instruction {
  readonly code: number
  readonly value: number
  readonly then?: string
}

/** A place in the program. */
interface Label {
  readonly label: string
}

/** Instruction codes of `linux/bpf_common.h`: load a word, jump if equal, greater or equal, or bits set, and return. */
const [load, ifEqual, ifAtLeast, ifAnyBit, give] = [0x20, 0x15, 0x35, 0x45, 0x06]
/** Places in the data that a filter is given (`linux/seccomp.h`). */
const [numberAt, conventionAt, argumentAt] = [0, 4, 16]
const [allowed, failsWith] = [0x7fff_0000, 0x0005_0000]
/** Error numbers, the same on all machines. */
const [notPermitted, notImplemented] = [1, 38]
const codes: Readonly<Record<CallingConvention, number>> = {
  x64: 0xc000_003e,
  ia32: 0x4000_0003,
  arm64: 0xc000_00b7,
}
const conventionsOf: Readonly<Record<Machine, readonly CallingConvention[]>> = {
  x64: ['x64', 'ia32'],
  arm64: ['arm64'],
}
/** The newest system call that was looked at: newer ones do not exist for functions, and neither do those of x32. */
const newestCall = 462
/** Any new namespace. */
const namespaceFlags = 0x7e02_0000
/** Execution domains of Linux itself, and asking for the current one. */
const personalities = [0, 0x0008, 0x2_0000, 0x2_0008, 0xffff_ffff]
/** AF_ALG and AF_VSOCK: the kernel's cryptography, and the host of a virtual machine. */
const deniedFamilies = [38, 40]

/**
 * The filter for the system calls of functions, as a program of `struct sock_filter`. A denied call fails with EPERM. `clone3`,
 * whose flags no filter can read, does not exist, so that programs fall back to `clone`.
 */
export function systemCallFilter(machine: Machine): Uint8Array {
  const conventions = conventionsOf[machine]
  return assemble([
    { code: load, value: conventionAt },
    ...conventions.map((each) => ({ code: ifEqual, value: codes[each], then: each })),
    { code: give, value: failsWith + notImplemented },
    ...conventions.flatMap((each) => rulesOf(each)),
  ])
}

/** Each convention has returns of its own, since a jump reaches 255 instructions. */
function rulesOf(convention: CallingConvention): (Instruction | Label)[] {
  const name = (label: string): string => `${convention} ${label}`
  const { clone, clone3, personality, socket } = conditionalCalls[convention]
  const unlessEqual = (values: readonly number[], found: string, other: string): Instruction[] => [
    { code: load, value: argumentAt },
    ...values.map((value) => ({ code: ifEqual, value, then: name(found) })),
    { code: give, value: other === 'allow' ? allowed : failsWith + notPermitted },
  ]
  return [
    { label: convention },
    { code: load, value: numberAt },
    { code: ifAtLeast, value: newestCall + 1, then: name('missing') },
    { code: ifEqual, value: clone3, then: name('missing') },
    { code: ifEqual, value: clone, then: name('clone') },
    { code: ifEqual, value: personality, then: name('personality') },
    { code: ifEqual, value: socket, then: name('socket') },
    ...deniedCalls(convention).map((value) => ({ code: ifEqual, value, then: name('deny') })),
    { label: name('allow') },
    { code: give, value: allowed },
    { label: name('deny') },
    { code: give, value: failsWith + notPermitted },
    { label: name('missing') },
    { code: give, value: failsWith + notImplemented },
    { label: name('clone') },
    { code: load, value: argumentAt },
    { code: ifAnyBit, value: namespaceFlags, then: name('deny clone') },
    { code: give, value: allowed },
    { label: name('deny clone') },
    { code: give, value: failsWith + notPermitted },
    { label: name('personality') },
    ...unlessEqual(personalities, 'allow personality', 'deny'),
    { label: name('allow personality') },
    { code: give, value: allowed },
    { label: name('socket') },
    ...unlessEqual(deniedFamilies, 'deny socket', 'allow'),
    { label: name('deny socket') },
    { code: give, value: failsWith + notPermitted },
  ]
}

/** Eight bytes for each instruction; jumps are forward only. */
function assemble(lines: readonly (Instruction | Label)[]): Uint8Array {
  const places = new Map<string, number>()
  const instructions: Instruction[] = []
  for (const line of lines) {
    if ('label' in line) places.set(line.label, instructions.length)
    else instructions.push(line)
  }
  const program = Buffer.alloc(instructions.length * 8)
  instructions.forEach(({ code, value, then }, index) => {
    const distance = then === undefined ? 0 : (places.get(then) ?? Number.NaN) - index - 1
    program.writeUInt16LE(code, index * 8)
    program.writeUInt8(distance, index * 8 + 2)
    program.writeUInt32LE(value, index * 8 + 4)
  })
  return program
}
