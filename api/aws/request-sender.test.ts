import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Server as NetServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterEach, expect, test } from '@jest/globals'
import { makeCertificate, testWithOpenssl } from '../testing/certificates.ts'
import { createRequestSender, type HttpRequest } from './request-sender.ts'

let server: Server | undefined
const end = () => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
}
afterEach(end)

/** Starts a service with this listener and returns its address. */
async function serve(listener: RequestListener): Promise<URL> {
  server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new URL(`http://127.0.0.1:${portOf(server)}/`)
}

const portOf = (listening: NetServer): number => (listening.address() as AddressInfo).port

const post = (body: string, signal?: AbortSignal): HttpRequest => ({ method: 'POST', headers: {}, body, signal })

test('returns status, headers and text, and reuses the connection', async () => {
  const ports = new Set<number | undefined>()
  const url = await serve((request, response) => {
    ports.add(request.socket.remotePort)
    void text(request).then((body) => response.writeHead(400, { 'x-amzn-errortype': 'Refused' }).end(`no ${body}`))
  })
  const send = createRequestSender(30_000)
  for (const body of ['é', 'b']) {
    const { status, headers, text: answered } = await send(url, post(body))
    expect([status, headers['x-amzn-errortype'], answered]).toEqual([400, 'Refused', `no ${body}`])
  }
  expect(ports.size).toBe(1)
})

test('aborts with the reason of its signal, and leaves no connection open', async () => {
  const [asked, left] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
  const url = await serve((request) => {
    request.socket.once('close', () => left.resolve(undefined))
    asked.resolve(undefined)
  })
  const ending = new AbortController()
  const sent = createRequestSender(30_000)(url, post('', ending.signal))
  await asked.promise
  const reason = new Error('enough')
  ending.abort(reason)
  await expect(sent).rejects.toBe(reason)
  await left.promise
  await expect(createRequestSender(30_000)(url, post('', ending.signal))).rejects.toBe(reason)
})

test('a service that does not respond, disconnects, or is not there is reported as unreachable with the cause', async () => {
  const expectFault = (longestMs: number, url: URL, message: string) =>
    expect(createRequestSender(longestMs)(url, post(''))).rejects.toMatchObject({
      message: 'The service cannot be reached',
      cause: { message },
    })
  await expectFault(50, await serve(() => undefined), 'no response within 0.05 s')
  end()
  const breakingOff: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('half', () => response.destroy())
  }
  await expectFault(30_000, await serve(breakingOff), 'other side closed')
  end()
  await expectFault(30_000, new URL('http://127.0.0.1:1/'), 'connect ECONNREFUSED 127.0.0.1:1')
})

testWithOpenssl('a service behind TLS is called only if its certificate is trusted', async () => {
  const { certificate, privateKey } = makeCertificate('IP:127.0.0.1')
  const secure = createSecureServer({ cert: certificate, key: privateKey }, (_request, response) =>
    response.end('well'),
  )
  const trusted = getCACertificates('default')
  try {
    secure.listen(0, '127.0.0.1')
    await once(secure, 'listening')
    const url = new URL(`https://127.0.0.1:${portOf(secure)}/`)
    await expect(createRequestSender(30_000)(url, post(''))).rejects.toMatchObject({
      message: 'The service cannot be reached',
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    })
    setDefaultCACertificates([...trusted, certificate])
    expect(await createRequestSender(30_000)(url, post(''))).toMatchObject({ status: 200, text: 'well' })
  } finally {
    setDefaultCACertificates(trusted)
    secure.closeAllConnections()
    secure.close()
  }
})
