import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { encodeFrame, frameDecoder, type SupervisorMessage } from '../../runtime-bootstrap/protocol/protocol.ts'
import { connectSupervisor, type Connected } from './supervisor-connection.ts'

const supervisorFile = fileURLToPath(new URL('../../runtime-bootstrap/pod.ts', import.meta.url))

describe('the supervisor of a pod', () => {
  let supervisor: ChildProcess
  let port = 0
  let complaints = ''
  const sockets: Socket[] = []
  beforeEach(async () => {
    const env = {
      KUBELAMBDA_ENVIRONMENT_KEY: 'the key',
      KUBELAMBDA_SUPERVISOR_PORT: '0',
      KUBELAMBDA_OWN_TOOLS: 'no',
      PATH: process.env['PATH'],
    }
    supervisor = spawn(process.execPath, [supervisorFile], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    complaints = ''
    supervisor.stderr!.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
    const [line] = (await once(supervisor.stdout!, 'data')) as [Buffer]
    port = Number(/listening on (\d+)/.exec(line.toString())?.[1])
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    const ended = once(supervisor, 'exit')
    supervisor.kill('SIGKILL')
    await ended
  })

  async function connect(key: string, token: number): Promise<Connected> {
    const connected = await connectSupervisor({ address: '127.0.0.1', port, key, token, deadlineMs: 20_000 })
    sockets.push(connected.socket)
    return connected
  }
  const next = (socket: Socket) =>
    new Promise<string>((resolve) => {
      socket.on(
        'data',
        frameDecoder<SupervisorMessage>(({ message }) => resolve(message.type)),
      )
    })

  test('authenticates servers with the key and answers their pings', async () => {
    const { socket, status, answersPings } = await connect('the key', 1)
    expect(status).toEqual({ state: 'generic' })
    expect(answersPings).toBe(true)
    const heard = next(socket)
    socket.write(encodeFrame({ type: 'ping' }))
    expect(await heard).toBe('pong')
  })

  test('refuses another key, and a token that is older than the newest', async () => {
    await expect(connect('another key', 1)).rejects.toThrow('did not authenticate this server')
    await connect('the key', 7)
    await expect(connect('the key', 6)).rejects.toThrow('did not authenticate this server')
  })

  test('opens no debugger for its function, which may send it signals', async () => {
    supervisor.kill('SIGUSR1')
    const { socket } = await connect('the key', 1)
    for (let pings = 0; pings < 50; pings++) {
      const heard = next(socket)
      socket.write(encodeFrame({ type: 'ping' }))
      expect(await heard).toBe('pong')
    }
    expect(complaints).toBe('')
  })

  test('notifies a server that another one has replaced it', async () => {
    const { socket } = await connect('the key', 1)
    const heard = next(socket)
    await connect('the key', 2)
    expect(await heard).toBe('replaced')
  })
})

test.each([
  ['no JSON', Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0x7b])],
  ['null', Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, ...Buffer.from('null')])],
  ['a frame without end', Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
  ['another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
])('a peer that is no supervisor is refused: %s', async (_name, bytes) => {
  const server = createServer((socket) => socket.on('error', () => undefined).write(bytes)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const connecting = connectSupervisor({ address: '127.0.0.1', port, key: 'k', token: 1, deadlineMs: 1_000 })
  await expect(connecting).rejects.toThrow('did not authenticate this server')
  server.close()
})
