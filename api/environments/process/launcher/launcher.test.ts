import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { elfProgram } from './elf.ts'
import { buildLauncher, lookupDescriptor } from './launcher.ts'
import { countsProcessesByNamespace, functionLimits } from './limits.ts'

const folder = mkdtempSync(join(tmpdir(), 'launcher-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const launcher = await buildLauncher(folder, { limits: functionLimits(true), isConfined: true, hasFilter: true })
const whereThereIsOne = launcher === undefined ? describe.skip : describe

/** unshare and clone for a user namespace, keyctl, io_uring_setup, clone3, a new call, AF_VSOCK; AF_INET and personality. */
const callsOfThisMachine =
  process.arch === 'arm64'
    ? [
        [97, 0x1000_0000],
        [220, 0x1000_0011, 0],
        [219, 0, -1],
        [425, 1, 0],
        [435, 0, 0],
        [500],
        [198, 40, 1, 0],
        [198, 2, 1, 0],
        [92, 0xffff_ffff],
      ]
    : [
        [272, 0x1000_0000],
        [56, 0x1000_0011, 0],
        [250, 0, -1],
        [425, 1, 0],
        [435, 0, 0],
        [500],
        [41, 40, 1, 0],
        [41, 2, 1, 0],
        [135, 0xffff_ffff],
      ]

whereThereIsOne('the launcher', () => {
  const run = (...args: string[]) => {
    const stdio = ['ignore', 'pipe', 'pipe', 'pipe'] as const
    return spawnSync(launcher!, args, { encoding: 'utf8', env: { GREETING: 'hello' }, stdio: [...stdio] })
  }
  let status: string

  beforeAll(() => {
    status = run('/bin/cat', '/proc/self/status').stdout
  })

  test('executes a program with its arguments and environment variables', () => {
    expect(run('/bin/sh', '-c', 'echo "$GREETING $1"; exit 3', 'sh', 'world')).toMatchObject({
      stdout: 'hello world\n',
      status: 3,
    })
  })

  test('exits with 127 when there is no such program', () => {
    expect(run('/nowhere').status).toBe(127)
  })

  test('forbids new privileges', () => {
    expect(status).toContain('NoNewPrivs:\t1\n')
  })

  test('gives up the capabilities of root that supervisors do not need', () => {
    const mask = 2n + (1n << 5n) + (1n << 6n) + (1n << 7n) + (1n << 19n)
    const bounding = BigInt(`0x${/CapBnd:\t(\S+)/.exec(status)![1]!}`)
    if (process.getuid?.() === 0) expect(bounding & ~mask).toBe(0n)
    expect(status).toContain('Seccomp:\t2\n')
  })

  test('limits what processes use as AWS does', () => {
    const bash = run('/bin/bash', '-c', 'ulimit -n; ulimit -u; ulimit -l; ulimit -S -s; ulimit -c')
    expect(bash.stdout).toBe('1024\n742\n64\n8192\n10485760\n')
  })

  // Calls that need no privileges, so that only the filter can deny them.
  test('denies system calls that containers are denied', () => {
    const program = `import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
def call(*values):
    return 0 if libc.syscall(*[ctypes.c_long(value) for value in values]) >= 0 else ctypes.get_errno()
numbers = ${JSON.stringify(callsOfThisMachine)}
print([errno.errorcode.get(call(*values), 'done') for values in numbers])`
    const ran = run('/usr/bin/env', 'PATH=/usr/bin:/usr/local/bin:/bin', 'python3', '-c', program)
    if (ran.status === 127) return
    expect(ran.stdout || ran.stderr).toBe(
      "['EPERM', 'EPERM', 'EPERM', 'EPERM', 'ENOSYS', 'ENOSYS', 'EPERM', 'done', 'done']\n",
    )
  })

  test('opens the descriptor by which the owners of connections are found', () => {
    const module = fileURLToPath(
      new URL('../../../../runtime-bootstrap/runtime-api/clients/socket-owner.ts', import.meta.url),
    )
    const script = `
      const { syncBuiltinESMExports } = await import('node:module')
      const fs = (await import('node:fs')).default
      const { connect, createServer } = await import('node:net')
      const { socketOwners } = await import(${JSON.stringify(module)})
      fs.readFileSync = () => ''
      syncBuiltinESMExports()
      const find = socketOwners(${String(lookupDescriptor)})
      const server = createServer((socket) => {
        const local = { address: socket.remoteAddress, port: socket.remotePort }
        const remote = { address: socket.localAddress, port: socket.localPort }
        const { uid, inode } = find(local, remote)
        const links = fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd) } catch { return '' } })
        console.log(uid === process.getuid(), links.includes('socket:[' + inode + ']'), find({ ...local, port: 1 }, remote), find(local, { ...remote, port: 1 }))
        process.exit()
      })
      server.listen(0, '127.0.0.1', () => connect(server.address().port, '127.0.0.1'))`
    const ran = run(process.execPath, '--input-type=module', '-e', script)
    expect(ran.stdout || ran.stderr).toBe('true true undefined undefined\n')
  })
})

describe('a program', () => {
  test.each(['x64', 'arm64'] as const)('of %s is a static file that calls in order', (machine) => {
    const message = { bytes: Buffer.from('hello') }
    const program = Buffer.from(elfProgram(machine, [{ number: 64, arguments: [1, message, 5], exitCode: 9 }]))
    const entry = Number(program.readBigInt64LE(24)) - 0x40_0000
    const table = program.indexOf(Buffer.from('4000000000000000 0100000000000000'.replace(' ', ''), 'hex'), entry)
    const words = Array.from({ length: 8 }, (_, index) => Number(program.readBigInt64LE(table + index * 8)))
    expect(words).toEqual([64, 1, expect.any(Number), 5, 0, 0, 9, -1])
    expect(program.toString('latin1', words[2]! - 0x40_0000).startsWith('hello')).toBe(true)
  })
})

test('limits are those of AWS as far as the server has them', () => {
  const own = new Map([['Max open files', 512n]])
  const limits = functionLimits(false, own)
  expect(limits.find(({ resource }) => resource === 7)).toEqual({ resource: 7, soft: 512n, hard: 512n })
  expect(limits.map(({ resource }) => resource)).not.toContain(6)
  expect(['5.10.0-28-amd64', '5.14.0', '6.1'].map((each) => countsProcessesByNamespace(each))).toEqual([
    false,
    true,
    true,
  ])
})
