import type { Writable } from 'node:stream'
import type { EnvironmentSpec } from '../../api/environments/driver/driver.ts'
import { packageEntries, smallFileBytes, type PackageEntry } from '../../api/functions/code/deployment-package.ts'
import { encodeFrame, type PackageTarget } from '../../runtime-bootstrap/protocol/protocol.ts'

/** Packages up to this size are kept as frames, ready to be sent. */
const smallPackageBytes = 2 * 1024 * 1024
const maxCacheBytes = 32 * 1024 * 1024
/** A pod that reads nothing for this long is lost, or its supervisor is stuck. */
const maxStalledMs = 15_000

/** The pod was lost before it received an event, so that the launch can be retried. */
export class PodLost extends Error {}

/** Sends packages to supervisors. */
export interface CodePush {
  /**
   * Writes all packages that environments of the spec need. Small ones are in the socket's buffer at once, and leave with what the
   * caller writes next; a large one goes as the pod takes it.
   */
  send(spec: Pick<EnvironmentSpec, 'codeSha256' | 'imageUri' | 'layerSha256s'>, channel: Writable): Promise<void>
}

/** Reads packages from the store, once for concurrent launches, and caches recently sent small ones. */
export function createCodePush(code: { read(sha256: string): Promise<Uint8Array | undefined> }): CodePush {
  const cache = new Map<string, Buffer>()
  const reading = new Map<string, { readonly zip: Promise<Uint8Array | undefined>; users: number }>()
  let bytes = 0

  /** Large packages are in memory once, however many pods they are sent to at a time. */
  async function withZip(sha256: string, use: (zip: Uint8Array) => Promise<void>): Promise<void> {
    const shared = reading.get(sha256) ?? { zip: code.read(sha256), users: 0 }
    reading.set(sha256, shared)
    shared.users++
    try {
      const zip = await shared.zip
      if (zip === undefined) throw new Error(`The code with SHA-256 ${sha256} is not in the code store`)
      await use(zip)
    } finally {
      if (--shared.users === 0) reading.delete(sha256)
    }
  }

  function addToCache(id: string, frames: Buffer): void {
    cache.set(id, frames)
    bytes += frames.length
    for (const [oldest, { length }] of cache) {
      if (bytes <= maxCacheBytes) return
      cache.delete(oldest)
      bytes -= length
    }
  }

  async function sendOne(sha256: string, place: PackageTarget, channel: Writable): Promise<void> {
    const id = `${place} ${sha256}`
    const known = cache.get(id)
    if (known !== undefined) return void channel.write(known)
    await withZip(sha256, async (zip) => {
      const entries = await packageEntries(Buffer.from(zip.buffer, zip.byteOffset, zip.length))
      const size = entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.sizeBytes : 0), 0)
      if (size > smallPackageBytes) return sendLarge(entries, place, channel)
      const frames = Buffer.concat(entries.map((entry) => wholeFrame(entry, place)))
      if (cache.get(id) === undefined) addToCache(id, frames)
      channel.write(frames)
    })
  }

  return {
    async send({ codeSha256, imageUri, layerSha256s = [] }, channel) {
      channel.cork()
      setImmediate(() => channel.uncork())
      if (imageUri === undefined) await sendOne(codeSha256, 'code', channel)
      for (const sha256 of layerSha256s) await sendOne(sha256, 'layers', channel)
    },
  }
}

async function sendLarge(entries: readonly PackageEntry[], place: PackageTarget, channel: Writable): Promise<void> {
  for (const entry of entries) {
    if (entry.kind !== 'file' || entry.sizeBytes <= smallFileBytes) await write(channel, wholeFrame(entry, place))
    else {
      const { path, mode, modifiedMs } = entry
      const message = { type: 'put', place, kind: 'file', path, mode, modifiedMs } as const
      for await (const piece of entry.chunks()) await write(channel, encodeFrame({ ...message, isMore: true }, piece))
      await write(channel, encodeFrame(message))
    }
  }
}

async function write(channel: Writable, bytes: Buffer): Promise<void> {
  if (channel.destroyed) throw new PodLost('The environment was lost while its code was sent')
  if (!channel.write(bytes)) await untilTaken(channel)
}

/** Resolves when the channel drains; rejects when it closes or stalls. */
function untilTaken(channel: Writable): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const onDrain = (): void => resolve(undefined)
  const onClose = (): void => reject(new PodLost('The environment was lost while its code was sent'))
  const onStalled = (): void => reject(new PodLost('The environment does not take its code'))
  const stalled = setTimeout(onStalled, maxStalledMs)
  channel.on('drain', onDrain).on('close', onClose)
  return promise.finally(() => {
    clearTimeout(stalled)
    channel.off('drain', onDrain).off('close', onClose)
  })
}

function wholeFrame(entry: PackageEntry, place: PackageTarget): Buffer {
  const { path } = entry
  switch (entry.kind) {
    case 'folder':
      return encodeFrame({ type: 'put', place, kind: 'folder', path, mode: entry.mode })
    case 'link':
      return encodeFrame({ type: 'put', place, kind: 'link', path, target: entry.target })
    case 'file': {
      const { mode, modifiedMs } = entry
      return encodeFrame({ type: 'put', place, kind: 'file', path, mode, modifiedMs }, entry.read())
    }
  }
}
