import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { elfProgram } from './elf.ts'
import { buildLauncher, lookupDescriptor } from './launcher.ts'

const folder = mkdtempSync(join(tmpdir(), 'launcher-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const launcher = await buildLauncher(folder)
const whereThereIsOne = launcher === undefined ? describe.skip : describe

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
