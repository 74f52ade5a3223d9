import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { socketOwners } from './socket-owner.ts'

const onLinux = process.platform === 'linux' ? describe : describe.skip

onLinux('the owner of a connection, found in the tables of /proc', () => {
  const sockets: Socket[] = []
  let server: Server
  const find = socketOwners(undefined)

  beforeAll(async () => {
    server = createServer((socket) => sockets.push(socket.on('error', () => undefined)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  async function open(localAddress: string) {
    const { port } = server.address() as AddressInfo
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    sockets.push(socket)
    await once(socket, 'connect')
    const [local, remote] = [
      { address: localAddress, port: socket.localPort! },
      { address: '127.0.0.1', port },
    ]
    return { socket, local, remote }
  }

  test.each(['127.0.0.1', '127.200.3.4'])('is the user and the socket at its other end, from %s', async (address) => {
    const { local, remote } = await open(address)
    const found = find(local, remote)
    expect(found?.uid).toBe(process.getuid?.())
    expect(found?.inode).toBeGreaterThan(0)
    expect(find(remote, local)?.inode).not.toBe(found?.inode)
  })

  test('is nobody for a connection that there is not, and for one that was closed', async () => {
    const { socket, local, remote } = await open('127.0.0.1')
    expect(find({ ...local, port: 1 }, remote)).toBeUndefined()
    socket.resetAndDestroy()
    await once(socket, 'close')
    expect(find(local, remote)?.inode ?? 0).toBe(0)
  })

  test('is found as well where the descriptor for lookups is none', async () => {
    const { local, remote } = await open('127.0.0.1')
    expect(socketOwners(999)(local, remote)).toEqual(find(local, remote))
  })
})
