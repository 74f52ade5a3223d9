/** Machines that there is a launcher for, by Node.js' names. */
export type Machine = 'x64' | 'arm64'

/** Data of a program: bytes, and where in them the addresses of other data go. */
export interface Data {
  readonly bytes: Uint8Array
  readonly addresses?: readonly { readonly at: number; readonly of: Data }[]
}

/** One system call: its number, up to five arguments, and the exit code when it fails; 0 goes on all the same. */
export interface SystemCall {
  readonly number: number
  readonly arguments: readonly (number | Data)[]
  readonly exitCode: number
}

/**
 * Code that makes the system calls of the table which follows it, seven words each, until one with a negative number. It then
 * executes the program that its first argument names, with the other arguments and all environment variables. Exits with 127
 * when that cannot be executed.
 */
const code: Readonly<Record<Machine, readonly string[]>> = {
  x64: [
    '488d1d59000000', // lea rbx, [table]
    '488b03', // call: mov rax, [rbx]
    '4885c0 782a', // test rax, rax; js execute
    '488b7b08 488b7310 488b5318', // mov rdi, [rbx+8]; mov rsi, [rbx+16]; mov rdx, [rbx+24]
    '4c8b5320 4c8b4328', // mov r10, [rbx+32]; mov r8, [rbx+40]
    '0f05', // syscall
    '4885c0 7909', // test rax, rax; jns next
    '488b7b30 4885ff 7523', // mov rdi, [rbx+48]; test rdi, rdi; jne exit
    '4883c338 ebce', // next: add rbx, 56; jmp call
    '488b0c24', // execute: mov rcx, [rsp]
    '488d742410 488d54cc10', // lea rsi, [rsp+16]; lea rdx, [rsp+rcx*8+16]
    '488b3e b83b000000 0f05', // mov rdi, [rsi]; mov eax, 59; syscall
    'bf7f000000', // mov edi, 127
    'b83c000000 0f05 0f1f00', // exit: mov eax, 60; syscall; nop
  ],
  arm64: [
    'd3020010', // adr x19, table
    '680240f9 4801f8b7', // call: ldr x8, [x19]; tbnz x8, #63, execute
    '608640a9 628e41a9 641640f9', // ldp x0, x1, [x19, #8]; ldp x2, x3, [x19, #24]; ldr x4, [x19, #40]
    '010000d4', // svc #0
    '6000f8b6', // tbz x0, #63, next
    '601a40f9 400100b5', // ldr x0, [x19, #48]; cbnz x0, exit
    '73e20091 f6ffff17', // next: add x19, x19, #56; b call
    'e90340f9', // execute: ldr x9, [sp]
    'e1430091 220c098b', // add x1, sp, #16; add x2, x1, x9, lsl #3
    '200040f9 a81b80d2 010000d4', // ldr x0, [x1]; mov x8, #221; svc #0
    'e00f80d2', // mov x0, #127
    'a80b80d2 010000d4 1f2003d5', // exit: mov x8, #93; svc #0; nop
  ],
}

const elfMachines: Readonly<Record<Machine, number>> = { x64: 62, arm64: 183 }
const [headerBytes, segmentBytes, callWords] = [64, 56, 7]
/** Where the program is loaded: a multiple of the largest page size. */
const base = 0x40_0000
const [segmentLoad, segmentStack] = [1, 0x6474_e551]
const [readable, writable, executable] = [4, 2, 1]

/** A static program, as a file, that makes the calls and then executes what its arguments say. */
export function elfProgram(machine: Machine, calls: readonly SystemCall[]): Uint8Array {
  const instructions = Buffer.from(code[machine].join('').replaceAll(' ', ''), 'hex')
  const codeAt = headerBytes + 2 * segmentBytes
  const tableAt = codeAt + instructions.length
  const table = Buffer.alloc((calls.length * callWords + 1) * 8)
  const [data, placed] = placeData(calls, tableAt + table.length)
  calls.forEach((call, index) => writeCall(table, index * callWords * 8, call, placed))
  table.writeBigInt64LE(-1n, calls.length * callWords * 8)
  const body = Buffer.concat([instructions, table, ...data])
  return Buffer.concat([header(machine, codeAt), segments(codeAt + body.length), body])
}

function writeCall(table: Buffer, at: number, call: SystemCall, placed: ReadonlyMap<Data, number>): void {
  const words = [call.number, ...call.arguments.map((value) => (typeof value === 'number' ? value : placed.get(value)))]
  words.forEach((word, index) => table.writeBigInt64LE(BigInt(word ?? 0), at + index * 8))
  table.writeBigInt64LE(BigInt(call.exitCode), at + (callWords - 1) * 8)
}

/** The bytes of all data, with the addresses in them, and where each is. */
function placeData(calls: readonly SystemCall[], start: number): [Buffer[], ReadonlyMap<Data, number>] {
  const placed = new Map<Data, number>()
  const pieces: Buffer[] = []
  let at = start
  const place = (data: Data): number => {
    const known = placed.get(data)
    if (known !== undefined) return known
    const bytes = Buffer.alloc(Math.ceil(data.bytes.length / 8) * 8)
    bytes.set(data.bytes)
    for (const { at: where, of } of data.addresses ?? []) bytes.writeBigInt64LE(BigInt(place(of)), where)
    const address = base + at
    placed.set(data, address)
    pieces.push(bytes)
    at += bytes.length
    return address
  }
  for (const call of calls) for (const value of call.arguments) if (typeof value !== 'number') place(value)
  return [pieces, placed]
}

function header(machine: Machine, codeAt: number): Buffer {
  const bytes = Buffer.alloc(headerBytes)
  bytes.write('\x7fELF\x02\x01\x01', 'latin1')
  bytes.writeUInt16LE(2, 16)
  bytes.writeUInt16LE(elfMachines[machine], 18)
  bytes.writeUInt32LE(1, 20)
  bytes.writeBigInt64LE(BigInt(base + codeAt), 24)
  bytes.writeBigInt64LE(BigInt(headerBytes), 32)
  bytes.writeUInt16LE(headerBytes, 52)
  bytes.writeUInt16LE(segmentBytes, 54)
  bytes.writeUInt16LE(2, 56)
  return bytes
}

/** One segment with all of the file, and a stack that is not executable. */
function segments(fileBytes: number): Buffer {
  const bytes = Buffer.alloc(2 * segmentBytes)
  bytes.writeUInt32LE(segmentLoad, 0)
  bytes.writeUInt32LE(readable + executable, 4)
  bytes.writeBigInt64LE(BigInt(base), 16)
  bytes.writeBigInt64LE(BigInt(base), 24)
  bytes.writeBigInt64LE(BigInt(fileBytes), 32)
  bytes.writeBigInt64LE(BigInt(fileBytes), 40)
  bytes.writeBigInt64LE(0x1_0000n, 48)
  bytes.writeUInt32LE(segmentStack, segmentBytes)
  bytes.writeUInt32LE(readable + writable, segmentBytes + 4)
  return bytes
}
