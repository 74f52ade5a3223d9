import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { createFrames, endOfString, framed, numbers } from './frames.ts'
import { converse, type SaslUser } from './sasl-server.ts'

/** A proxy that adds TLS and SASL to a broker that has neither. */
export interface BrokerFront {
  readonly address: string
  close(): Promise<void>
}

export interface BrokerFrontParts {
  /** The port of the broker behind the proxy. */
  readonly port: number
  readonly tls?: TlsOptions
  readonly user?: SaslUser
  /** Called for each connection that has reauthenticated. */
  readonly onReauthenticated?: () => void
  /** Called for each Metadata request with whether it creates missing topics. */
  readonly askedForTopics?: (makesThem: boolean) => void
}

/** Requests of Kafka's protocol that the proxy inspects. */
const keys = {
  metadata: 3,
  findCoordinator: 10,
  syncGroup: 14,
  saslHandshake: 17,
  apiVersions: 18,
  saslAuthenticate: 36,
}
const [unsupportedVersion, authenticationFailed] = [35, 58]
/** The newest version of ApiVersions that the mock supports. */
const newestApiVersions = 2
/** How long the requests of a group's leader are delayed. */
const leaderDelayMs = 300

export async function startBrokerFront(parts: BrokerFrontParts): Promise<BrokerFront> {
  const sockets = new Set<Socket>()
  const accept = (client: Socket): void => {
    const broker = connect(parts.port, '127.0.0.1')
    for (const [one, other] of [[client, broker] as const, [broker, client] as const]) {
      sockets.add(one)
      one.on('error', () => one.destroy())
      one.on('close', () => {
        other.destroy()
        sockets.delete(one)
      })
    }
    serve(client, broker, parts, () => (server.address() as AddressInfo).port)
  }
  const server = parts.tls === undefined ? createServer(accept) : createTlsServer(parts.tls, accept)
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

function serve(client: Socket, broker: Socket, parts: BrokerFrontParts, ownPort: () => number): void {
  const { port, user, onReauthenticated, askedForTopics } = parts
  const asked = new Map<number, number>()
  let entries = 0
  let sasl = user === undefined ? undefined : converse(user)
  const answer = (correlation: number, ...answered: readonly Buffer[]) =>
    client.write(framed(Buffer.concat([numbers([32, correlation]), ...answered])))

  const versions = (frame: Buffer): Buffer => {
    const known = user === undefined ? frame : withSasl(frame)
    return askedForTopics === undefined ? known : withNewerMetadata(known)
  }
  const onRequest = (frame: Buffer): void => {
    const [key, correlation] = [frame.readInt16BE(0), frame.readInt32BE(4)]
    const body = frame.subarray(endOfString(frame, 8))
    if (key === keys.apiVersions && frame.readInt16BE(2) > newestApiVersions) {
      // The mock's response is shorter than that of brokers, which list their versions.
      answer(correlation, numbers([16, unsupportedVersion], [32, 1], [16, key], [16, 0], [16, newestApiVersions]))
    } else if (user !== undefined && key === keys.saslHandshake) {
      sasl = converse(user)
      answer(correlation, numbers([16, 0], [32, 1], [16, user.mechanism.length]), Buffer.from(user.mechanism))
    } else if (sasl !== undefined && key === keys.saslAuthenticate) {
      const said = sasl.step(body.subarray(4))
      const code = said === undefined ? authenticationFailed : 0
      if (sasl.isDone() && ++entries > 1) onReauthenticated?.()
      const session = numbers([32, 0], [32, user?.sessionMs ?? 0])
      answer(correlation, numbers([16, code], [16, -1], [32, said?.length ?? 0]), said ?? Buffer.alloc(0), session)
    } else if (sasl !== undefined && !sasl.isDone() && key !== keys.apiVersions) client.destroy()
    else {
      asked.set(correlation, key)
      const isNewer = key === keys.metadata && askedForTopics !== undefined
      if (isNewer) askedForTopics(frame.at(-1) !== 0)
      const question = isNewer ? olderMetadata(frame) : frame
      // The mock rejects a follower that syncs after its leader; brokers answer it with the leader's assignment.
      setTimeout(() => broker.write(framed(question)), key === keys.syncGroup && isOfLeader(body) ? leaderDelayMs : 0)
    }
  }
  const onAnswer = (frame: Buffer): void => {
    const key = asked.get(frame.readInt32BE(0)) ?? 0
    asked.delete(frame.readInt32BE(0))
    const namesBrokers = key === keys.metadata || key === keys.findCoordinator
    if (namesBrokers) redirect(frame, port, ownPort())
    if (key === keys.apiVersions) client.write(framed(versions(frame)))
    else client.write(framed(key === keys.metadata && askedForTopics !== undefined ? newerMetadata(frame) : frame))
  }
  client.on('data', createFrames(onRequest))
  broker.on('data', createFrames(onAnswer))
}

/** Only the leader's request contains assignments. */
function isOfLeader(body: Buffer): boolean {
  const member = endOfString(body, 0) + 4
  const instance = endOfString(body, member)
  return body.readInt32BE(endOfString(body, instance)) > 0
}

/** Replaces the broker's port by the proxy's. */
function redirect(frame: Buffer, from: number, to: number): void {
  const address = Buffer.concat([Buffer.from('127.0.0.1'), numbers([32, from])])
  for (let at = frame.indexOf(address); at >= 0; at = frame.indexOf(address, at)) {
    frame.writeInt32BE(to, at + '127.0.0.1'.length)
  }
}

/** Adds the SASL requests to those that the broker supports. */
function withSasl(frame: Buffer): Buffer {
  const count = frame.readInt32BE(6)
  const end = 10 + count * 6
  const added = numbers([16, keys.saslHandshake], [16, 0], [16, 1], [16, keys.saslAuthenticate], [16, 1], [16, 1])
  return Buffer.concat([
    frame.subarray(0, 6),
    numbers([32, count + 2]),
    frame.subarray(10, end),
    added,
    frame.subarray(end),
  ])
}

/** The first version of Metadata whose request ends with whether to create missing topics, and the mock's newest. */
const [newer, older] = [4, 2]

/** Declares that the broker supports the newer version. */
function withNewerMetadata(frame: Buffer): Buffer {
  const at = frame.indexOf(numbers([16, keys.metadata], [16, 0]), 10)
  return Buffer.concat([frame.subarray(0, at + 4), numbers([16, newer]), frame.subarray(at + 6)])
}

function olderMetadata(question: Buffer): Buffer {
  return Buffer.concat([question.subarray(0, 2), numbers([16, older]), question.subarray(4, -1)])
}

/** A response of the newer version begins with the throttle time. */
function newerMetadata(answer: Buffer): Buffer {
  return Buffer.concat([answer.subarray(0, 4), numbers([32, 0]), answer.subarray(4)])
}
