import { buffer } from 'node:stream/consumers'
import yazl from 'yazl'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { fakeCatalogue } from '../../functions/catalogue/catalogue.fake.ts'
import type { FunctionVersion } from '../../functions/function/function.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { fakeDocuments } from '../../functions/catalogue/documents.fake.ts'
import { createLayers } from '../../functions/layers/layers.ts'
import { createLifecycle, type Lifecycle, type LifecycleDependencies } from '../../functions/lifecycle.ts'
import { LambdaError } from '../../errors.ts'
import type { OperationName } from '../../model/operations.ts'
import type { SourceCheck } from '../../sources/validation/source-check.ts'
import type { Handler } from '../http/handler.ts'
import { createMutex } from '../../functions/concurrency/mutex.ts'
import { controlPlaneHandlers } from '../handlers.ts'

/** The output of an operation as JSON. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read the members that they expect
export type Shown = Record<string, any>

/** The control plane with a catalogue in memory. The test decides when versions are prepared. */
export interface ControlPlaneHarness {
  readonly catalogue: Catalogue
  readonly documents: Documents
  readonly lifecycle: Lifecycle
  readonly packages: Map<string, Uint8Array>
  readonly linkKey: Buffer
  /** What was drained: `name` or `name:version:generation`. */
  readonly drained: string[]
  readonly faults: string[]
  call(operation: OperationName, input?: object): Promise<Shown>
  /** The error of an operation that must fail, as it is sent. */
  refusal(
    operation: OperationName,
    input?: object,
  ): Promise<{ type: string; status: number; message: string; typed: boolean }>
  /** Delays preparations until `release`; with a fault they fail. */
  hold(): (fault?: Error) => void
  /** Creates a function that is active. */
  create(name: string, members?: object): Promise<Shown>
}

export const home = { accountId: '000000000000', region: 'us-east-1' }
export const arn = 'arn:aws:lambda:us-east-1:000000000000:function'

export function startControlPlane({
  sourceCheck,
  ...options
}: Partial<LifecycleDependencies> & { readonly sourceCheck?: SourceCheck } = {}): ControlPlaneHarness {
  const catalogue = options.catalogue ?? fakeCatalogue()
  const packages = new Map<string, Uint8Array>()
  const [drained, faults]: [string[], string[]] = [[], []]
  let ids = 0
  let held: Promise<undefined> = Promise.resolve(undefined)
  const stamp = { newId: () => `id-${++ids}`, nowMs: () => 1_764_038_807_123 }
  const documents = options.documents ?? fakeDocuments()
  const codeStore = { put: async (sha256: string, zip: Uint8Array) => void packages.set(sha256, zip) }
  const maxCodeBytes = 80_530_636_800
  const storage = { ...home, catalogue, documents, codeStore, maxCodeBytes, stamp, ...options }
  const layers = createLayers(storage)
  const lifecycle = createLifecycle({
    ...storage,
    layers,
    deletedFunctions: { discard: () => Promise.resolve(), discardAfterRemoval: () => Promise.resolve() },
    prepare: () => held,
    initialise: () => Promise.resolve(),
    drain: (name, version) => void drained.push(keyOf(name, version)),
    onFault: (message) => void faults.push(message),
    ...options,
  })
  const linkKey = Buffer.from('secret')
  const provisioning = {
    allocationOf: () => Promise.resolve({ status: 'IN_PROGRESS', allocated: 0 } as const),
    isScaled: () => Promise.resolve(true),
  }
  const parts = { ...home, ...stamp, catalogue, documents, layers, lifecycle, provisioning }
  const dependencies = {
    ...parts,
    now: stamp.nowMs,
    linkKey,
    sourceCheck,
    objects: options.objects,
    concurrency: 1000,
    maxCodeBytes: storage.maxCodeBytes,
    runExclusive: createMutex(),
  }
  const handlers = controlPlaneHandlers(dependencies)
  const call = async (operation: OperationName, input: object = {}) => {
    const handler = handlers[operation] as Handler
    const context = { requestId: 'r', baseUrl: 'http://127.0.0.1:9000', headers: {} }
    return JSON.parse(JSON.stringify(await handler(input as never, context))) as Shown
  }
  return {
    ...{ catalogue, documents, lifecycle, packages, linkKey, drained, faults, call },
    refusal: (operation, input) => call(operation, input).then(notRefused, shown),
    hold() {
      const { promise, resolve, reject } = Promise.withResolvers<undefined>()
      promise.catch(() => undefined)
      held = promise
      return (fault) => {
        held = Promise.resolve(undefined)
        if (fault === undefined) resolve(undefined)
        else reject(fault)
      }
    },
    async create(name, members = {}) {
      await call('CreateFunction', await newFunction(name, members))
      await lifecycle.settled()
      return call('GetFunctionConfiguration', { FunctionName: name })
    },
  }
}

/** Members of CreateFunction for a minimal function. */
export async function newFunction(name: string, members: object = {}): Promise<object> {
  return {
    FunctionName: name,
    Runtime: 'nodejs22.x',
    Role: 'arn:aws:iam::000000000000:role/r',
    Handler: 'index.handler',
    Code: { ZipFile: await zipOf('one') },
    ...members,
  }
}

/** A package with one file, the same bytes for the same text. */
export async function zipOf(text: string): Promise<Buffer> {
  const zip = new yazl.ZipFile()
  zip.addBuffer(Buffer.from(text), 'index.js', { mtime: new Date(0) })
  zip.end()
  return buffer(zip.outputStream)
}

function keyOf(name: string, version: FunctionVersion | undefined): string {
  return version === undefined ? name : `${name}:${version.version}:${version.generation}`
}

function notRefused(): never {
  throw new Error('The operation was not refused.')
}

function shown(error: unknown) {
  if (!(error instanceof LambdaError)) throw error
  return { type: error.name, status: error.status, message: error.message, typed: 'Type' in error.members }
}
