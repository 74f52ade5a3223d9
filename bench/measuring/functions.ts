import { setTimeout as wait } from 'node:timers/promises'
import { zipTree } from '../../fixtures/archive.ts'
import type { Answer, Client } from './client.ts'

/** A function of one source file, and its runtime. */
export interface Source {
  readonly runtime: string
  readonly file: string
  readonly code: string
}

/** Returns the event. */
export const echo: Source = {
  runtime: 'nodejs24.x',
  file: 'index.js',
  code: 'exports.handler = async (event) => event\n',
}

/** Functions that return the path of their interpreter, so that the bare start uses the same one. */
export const hello: Record<'node' | 'python', Source> = {
  node: {
    runtime: 'nodejs24.x',
    file: 'index.js',
    code: 'exports.handler = async (event) => ({ ...event, executable: process.execPath })\n',
  },
  python: {
    runtime: 'python3.12',
    file: 'index.py',
    code: 'import sys\n\ndef handler(event, context):\n    return {**event, "executable": sys.executable}\n',
  },
}

const functions = '/2015-03-31/functions'
const role = 'arn:aws:iam::000000000000:role/bench'

/** Creates a function and waits until it can be invoked. */
export async function createFunction(
  client: Client,
  name: string,
  source: Source,
  settings: object = {},
): Promise<void> {
  await sendCreate(client, name, source.runtime, await zipSource(source), settings)
  await waitUntilReady(client, name)
}

/** Creates a function from a zip and does not wait. */
export async function sendCreate(
  client: Client,
  name: string,
  runtime: string,
  zip: Buffer,
  settings: object = {},
): Promise<void> {
  const body = {
    FunctionName: name,
    Runtime: runtime,
    Role: role,
    Handler: 'index.handler',
    Timeout: 60,
    MemorySize: 512,
    Code: { ZipFile: zip.toString('base64') },
    ...settings,
  }
  expectStatus(await client('POST', functions, JSON.stringify(body)), 201, `create ${name}`)
}

/** The deployment package of a source. */
export function zipSource(source: Source): Promise<Buffer> {
  return zipTree(new Map([[source.file, { mode: 0o100644, content: Buffer.from(source.code) }]]))
}

/** Changes the description, so that the next invocation needs a new environment, and waits until the update is done. */
export async function renewFunction(client: Client, name: string, description: string): Promise<void> {
  const answer = await client('PUT', `${functions}/${name}/configuration`, JSON.stringify({ Description: description }))
  expectStatus(answer, 200, `update ${name}`)
  await waitUntilReady(client, name)
}

export async function getFunction(client: Client, name: string): Promise<Answer> {
  return expectStatus(await client('GET', `${functions}/${name}`), 200, `get ${name}`)
}

/** Publishes the next version, with other code than the previous one. */
export async function publishAgain(client: Client, name: string, zip: Buffer): Promise<void> {
  const body = JSON.stringify({ ZipFile: zip.toString('base64'), Publish: true })
  for (;;) {
    const answer = await client('PUT', `${functions}/${name}/code`, body)
    // The version before is not ready yet.
    if (answer.status === 409) await wait(2)
    else return void expectStatus(answer, 200, `publish ${name}`)
  }
}

/** A page of functions, and where the next one begins. */
export async function listFunctions(
  client: Client,
  length: number,
  after?: string,
): Promise<{ readonly marker: string | undefined }> {
  const marker = after === undefined ? '' : `&Marker=${encodeURIComponent(after)}`
  const answer = expectStatus(await client('GET', `${functions}?MaxItems=${length}${marker}`), 200, 'list functions')
  const { Functions, NextMarker } = JSON.parse(answer.body.toString()) as { Functions: object[]; NextMarker?: string }
  if (Functions.length !== length) throw new Error(`A page of ${length} functions has ${Functions.length}`)
  return { marker: NextMarker }
}

/** Invokes a function and throws on any error. */
export async function invoke(client: Client, name: string, payload: string): Promise<Answer> {
  const answer = await client('POST', `${functions}/${name}/invocations`, payload)
  expectStatus(answer, 200, `invoke ${name}`)
  const failure = answer.headers['x-amz-function-error']
  if (failure !== undefined) throw new Error(`invoke ${name}: ${answer.body.toString().slice(0, 300)}`)
  return answer
}

/** Sends an asynchronous event. */
export async function invokeLater(client: Client, name: string, payload: string): Promise<void> {
  const answer = await client('POST', `${functions}/${name}/invocations`, payload, { 'x-amz-invocation-type': 'Event' })
  expectStatus(answer, 202, `invoke ${name} asynchronously`)
}

async function waitUntilReady(client: Client, name: string): Promise<void> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    const answer = expectStatus(await client('GET', `${functions}/${name}/configuration`), 200, `look at ${name}`)
    const { State, LastUpdateStatus } = JSON.parse(answer.body.toString()) as {
      State?: string
      LastUpdateStatus?: string
    }
    if (State === 'Active' && LastUpdateStatus === 'Successful') return
    await wait(10)
  }
  throw new Error(`${name} is not ready after 60 s`)
}

function expectStatus(answer: Answer, status: number, what: string): Answer {
  if (answer.status === status) return answer
  throw new Error(`${what}: HTTP ${answer.status} instead of ${status}: ${answer.body.toString().slice(0, 300)}`)
}
