import { connect } from 'node:net'
import type { CoreV1Api } from '@kubernetes/client-node'
import { eventually, imageOf } from './test-cluster.ts'

/** The runs that functions reported to a recorder. */
export interface Record {
  /** The highest number of concurrent runs. */
  readonly most: number
  /** How often each id was reported, in the order of the first reports. */
  readonly times: ReadonlyMap<string, number>
  /** The last id of each current run. */
  readonly running: readonly string[]
}

/** A pod to which functions report their runs, since pods cannot write to the test's disk. */
export interface Recorder {
  readonly address: string
  read(): Promise<Record>
  remove(): Promise<void>
}

/** A record in the recorder's format. */
type Told = Omit<Record, 'times'> & { readonly times: [string, number][] }

const port = 8080
/** Each run is one connection: its lines are ids, and its end is the run's end. The response to a line `?` is the whole record. */
const program = `
const running = new Map(), times = new Map()
let most = 0
require('node:net').createServer((socket) => {
  let text = ''
  const end = () => running.delete(socket)
  socket.on('error', end).on('end', end).on('close', end)
  socket.on('data', (chunk) => {
    const lines = (text + chunk).split('\\n')
    text = lines.pop()
    for (const line of lines) {
      if (line === '?') return socket.end(JSON.stringify({ most, times: [...times], running: [...running.values()] }))
      running.set(socket, line)
      most = Math.max(most, running.size)
      times.set(line, (times.get(line) ?? 0) + 1)
      socket.write('seen\\n')
    }
  })
}).listen(${String(port)})`

/** A handler that reports its event's id to the recorder in the variable RECORDER, sleeps for `sleepMs`, and ends when both are acknowledged. */
export const recordingHandler = `
import { connect } from 'node:net'
export const handler = ({ id, sleepMs = 0 }) => new Promise((resolve, reject) => {
  const socket = connect(${String(port)}, process.env.RECORDER, () => socket.write(id + '\\n'))
  socket.once('data', () => setTimeout(() => socket.end(), sleepMs))
  socket.on('close', () => resolve({ id }))
  socket.on('error', reject)
})`

/** A handler that sleeps for a while and reports the messages and records of its event, in order. */
export const batchRecordingHandler = `
import { connect } from 'node:net'
const textOf = ({ body, kinesis }) => body ?? Buffer.from(kinesis.data, 'base64').toString()
export const handler = ({ Records }) => new Promise((resolve, reject) => {
  const lines = Records.map((record) => textOf(record) + '\\n').join('')
  const socket = connect(${String(port)}, process.env.RECORDER, () => setTimeout(() => socket.end(lines), 200))
  socket.resume().on('close', () => resolve()).on('error', reject)
})`

/** Starts a recorder in the namespace. */
export async function startRecorder(core: CoreV1Api, namespace: string, name: string): Promise<Recorder> {
  const container = {
    name: 'recorder',
    image: imageOf('server'),
    imagePullPolicy: 'IfNotPresent',
    command: ['node', '-e', program],
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
  }
  await core.createNamespacedPod({ namespace, body: { metadata: { name }, spec: { containers: [container] } } })
  const address = await eventually(async () => {
    const { status } = await core.readNamespacedPod({ namespace, name })
    const isReady = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')
    return isReady === true ? status?.podIP : undefined
  }, 60_000)
  return {
    address,
    read: async () => {
      const { times, ...known } = JSON.parse(await askWhatItKnows(address)) as Told
      return { ...known, times: new Map(times) }
    },
    remove: async () => {
      await core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 })
    },
  }
}

function askWhatItKnows(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    const socket = connect(port, host, () => socket.write('?\n'))
    socket.on('data', (piece: Buffer) => pieces.push(piece))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(pieces).toString()))
  })
}
