import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeConfig, type V1Pod } from '@kubernetes/client-node'
import type { Certificate } from '../../api/testing/certificates.ts'

/** An error response of the API server. */
export interface Refusal {
  readonly status: number
  readonly message: string
}

/** A fake of the part of the Kubernetes API that the driver uses: create, list, watch, patch and delete pods. */
export interface FakeApi {
  /** A kubeconfig file for this server. */
  readonly kubeconfig: string
  readonly pods: ReadonlyMap<string, V1Pod>
  /** The requests so far: `GET list`, `GET watch`, `POST`, … */
  readonly asked: readonly string[]
  /** Rejects requests for which this returns an error; undefined accepts all. */
  refuse(asked: string, refusal: Refusal | undefined): void
  /** The status of pods that are created from now on. */
  onCreate(status: (pod: V1Pod) => V1Pod['status']): void
  set(pod: V1Pod): void
  delete(name: string): void
  /** Changes that watches do not report. */
  unseen(change: () => void): void
  /** Ends all watches with 410: their resource version has expired. */
  expire(): void
  /** Closes all connections. */
  cut(): void
  stop(): Promise<void>
}

/** The server's certificate and key, and the authority in its kubeconfig; all PEM. */
export interface PlayedTls extends Certificate {
  readonly authority: string | undefined
}

/** Starts a fake API server, with TLS when it is given a certificate. */
export async function startFakeApi(tls?: PlayedTls): Promise<FakeApi> {
  const pods = new Map<string, V1Pod>()
  const watches = new Set<ServerResponse>()
  const sockets = new Set<Socket>()
  const asked: string[] = []
  const refusals = new Map<string, Refusal>()
  const state = { version: 1, isUnseen: false, onCreate: (_: V1Pod): V1Pod['status'] => ({ phase: 'Pending' }) }

  const tell = (type: string, object: object): void => {
    if (!state.isUnseen) for (const watch of watches) watch.write(`${JSON.stringify({ type, object })}\n`)
  }
  const versioned = (pod: V1Pod): V1Pod => {
    const copy = structuredClone(pod)
    copy.metadata = Object.assign({}, pod.metadata, { resourceVersion: String(++state.version) })
    return copy
  }
  const set = (pod: V1Pod): V1Pod => {
    const name = pod.metadata?.name ?? ''
    const kept = versioned(pod)
    const type = pods.has(name) ? 'MODIFIED' : 'ADDED'
    pods.set(name, kept)
    tell(type, kept)
    return kept
  }
  const remove = (name: string): void => {
    const pod = pods.get(name)
    if (pods.delete(name) && pod !== undefined) tell('DELETED', versioned(pod))
  }
  /** A deleted pod remains until its kubelet confirms, unless the grace period is 0. */
  const deleteGently = (pod: V1Pod, grace: string | null): void => {
    const isKept = pod.status?.phase === 'Running' && grace !== '0'
    const metadata = Object.assign({}, pod.metadata, { deletionTimestamp: new Date() })
    if (isKept) set(Object.assign({}, pod, { metadata }))
    else remove(pod.metadata?.name ?? '')
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '', 'http://api')
    const [, name] = /\/pods\/([^/]+)$/.exec(url.pathname) ?? []
    const isWatch = url.searchParams.get('watch') === 'true'
    const isReview = url.pathname.endsWith('reviews')
    const kind = isReview
      ? ' review'
      : request.method !== 'GET' || name !== undefined
        ? ''
        : isWatch
          ? ' watch'
          : ' list'
    const what = `${request.method ?? ''}${kind}`
    const body = (await readJson(request)) as V1Pod
    asked.push(what)
    const refusal = refusals.get(what)
    const send = (status: number, object: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(object))
    }
    if (isReview) send(201, { status: { allowed: true } })
    else if (refusal !== undefined) send(refusal.status, { kind: 'Status', message: refusal.message })
    else if (isWatch) {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
      watches.add(response.on('close', () => watches.delete(response)))
    } else if (request.method === 'POST') send(201, set(Object.assign(body, { status: state.onCreate(body) })))
    else if (name === undefined) {
      send(200, { metadata: { resourceVersion: String(state.version) }, items: [...pods.values()] })
    } else {
      const pod = pods.get(name)
      if (request.method === 'DELETE' && pod !== undefined) {
        deleteGently(pod, url.searchParams.get('gracePeriodSeconds'))
      }
      if (pod === undefined) send(404, { kind: 'Status', message: `pods "${name}" not found` })
      else send(200, pod)
    }
  }

  const onRequest = (request: IncomingMessage, response: ServerResponse) => void answer(request, response)
  const server: Server =
    tls === undefined
      ? createServer(onRequest)
      : createSecureServer({ cert: tls.certificate, key: tls.privateKey }, onRequest)
  server.on('connection', (socket) => sockets.add(socket.on('close', () => sockets.delete(socket))))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { folder, kubeconfig } = writeKubeconfig((server.address() as AddressInfo).port, tls)
  const cut = (): void => sockets.forEach((socket) => socket.destroy())
  return {
    kubeconfig,
    pods,
    asked,
    refuse(what, refusal) {
      if (refusal === undefined) refusals.delete(what)
      else refusals.set(what, refusal)
    },
    onCreate: (status) => void (state.onCreate = status),
    set: (pod) => void set(pod),
    delete: remove,
    unseen(change) {
      state.isUnseen = true
      change()
      state.isUnseen = false
    },
    expire: () => tell('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }),
    cut,
    async stop() {
      server.close()
      cut()
      await once(server, 'close')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Writes a kubeconfig file for the port into its own folder. */
function writeKubeconfig(port: number, tls: PlayedTls | undefined): { folder: string; kubeconfig: string } {
  const folder = mkdtempSync(join(tmpdir(), 'api-'))
  const kubeconfig = join(folder, 'kubeconfig')
  const config = new KubeConfig()
  const server = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(port)}`
  const trust = tls?.authority === undefined ? {} : { caData: Buffer.from(tls.authority).toString('base64') }
  config.loadFromClusterAndUser({ name: 'c', server, skipTLSVerify: tls === undefined, ...trust }, { name: 'u' })
  writeFileSync(kubeconfig, config.exportConfig())
  return { folder, kubeconfig }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const text = Buffer.concat(pieces).toString()
  return text === '' ? {} : JSON.parse(text)
}
