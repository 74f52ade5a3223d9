import { once } from 'node:events'
import { createServer } from 'node:net'
import { createContext } from './context.mjs'
import { RuntimeApi } from './runtime-api.mjs'

const reply = 'HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 0\r\nContent-Length: 2\r\n\r\n{}'

/**
 * Handles an event from this process to itself before a function is assigned, so that Node.js has loaded and compiled what the
 * first event needs. Failures are ignored.
 */
export async function rehearse() {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => socket.write(bytes.includes('POST') ? reply + reply : reply))
  })
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    await new Promise((resolve, reject) => {
      const api = new RuntimeApi(`127.0.0.1:${server.address().port}`, reject)
      play(api).then(resolve, reject)
    })
  } catch {
    // Without a loopback interface functions fail, too, with their own error.
  }
  server.close()
}

async function play(api) {
  const { headers, body } = await api.next()
  createContext(headers, process.env)
  api.respond('0', JSON.stringify(JSON.parse(body.toString('utf8'))))
  await api.next()
  api.close()
}
