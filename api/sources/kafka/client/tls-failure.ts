import { connect, type SecureContextOptions } from 'node:tls'
import { isIP } from 'node:net'

/** How long to wait for a broker to reject the client's certificate, which happens after the handshake in TLS 1.3. */
const refusalMs = 1_000
const connectMs = 5_000

/** Connects once more to find out why TLS fails, since the library keeps only the message of errors. */
export async function findTlsFailure(
  servers: readonly { readonly host: string; readonly port: number }[],
  tls: SecureContextOptions,
): Promise<Error | undefined> {
  for (const server of servers) {
    const failure = await failureOf(server, tls)
    if (failure !== undefined) return failure
  }
  return undefined
}

function failureOf(
  { host, port }: { readonly host: string; readonly port: number },
  tls: SecureContextOptions,
): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>()
  const socket = connect({ ...tls, host, port, ...(isIP(host) === 0 ? { servername: host } : {}) })
  const resolveUnknown = () => resolve(undefined)
  socket.setTimeout(connectMs, resolveUnknown)
  socket.once('secureConnect', () => socket.setTimeout(refusalMs, resolveUnknown))
  socket.once('error', (cause: NodeJS.ErrnoException) =>
    resolve(Object.assign(new Error(cause.message, { cause }), { code: cause.code })),
  )
  socket.once('close', resolveUnknown)
  // Without a reader, an alert is not received.
  socket.resume()
  return promise.finally(() => {
    socket.on('error', resolveUnknown)
    socket.destroy()
  })
}
