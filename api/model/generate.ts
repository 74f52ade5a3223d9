/**
 * Writes `lambda.json`, the API as data, from the public service model of AWS Lambda.
 *
 * Members and sets keep the order that they have in the present `lambda.json`, and what is new follows: AWS names violations in the
 * order of its own service, which was recorded, and each publication of the model has another one.
 *
 * Run: node api/model/generate.ts PATH_TO_lambda-2015-03-31.json DATE_OF_THE_MODEL
 */
import { readFileSync, writeFileSync } from 'node:fs'

interface SourceMember {
  shape: string
  location?: string
  locationName?: string
}

interface SourceShape {
  type: string
  required?: string[]
  members?: Record<string, SourceMember>
  member?: SourceMember
  key?: SourceMember
  value?: SourceMember
  payload?: string
  enum?: string[]
  pattern?: string
  min?: number
  max?: number
  sensitive?: boolean
  streaming?: boolean
  eventstream?: boolean
  exception?: boolean
  error?: { httpStatusCode: number }
}

interface SourceOperation {
  http: { method: string; requestUri: string; responseCode: number }
  input?: { shape: string }
  output?: { shape: string }
  errors?: { shape: string }[]
}

interface Source {
  metadata: { apiVersion: string }
  operations: Record<string, SourceOperation>
  shapes: Record<string, SourceShape>
}

function compactOperation(source: SourceOperation): object {
  const [path = '', query] = source.http.requestUri.split('?')
  return {
    method: source.http.method,
    path,
    ...(query === undefined ? {} : { query: Object.fromEntries(new URLSearchParams(query)) }),
    status: source.http.responseCode,
    input: source.input?.shape,
    output: source.output?.shape,
    errors: (source.errors ?? []).map((error) => error.shape),
  }
}

function compactMember(name: string, source: SourceMember): object {
  const { shape, location, locationName } = source
  return { shape, ...(location === undefined ? {} : { location, ...(locationName === name ? {} : { locationName }) }) }
}

/** The order of a shape's members and of its set. */
interface Order {
  readonly members?: object
  readonly enum?: readonly string[]
}

/** The names, those of the present order first and in it. */
function inOrder(names: readonly string[], present: readonly string[] = []): string[] {
  const known = present.filter((name) => names.includes(name))
  return [...known, ...names.filter((name) => !known.includes(name))]
}

function compactShape(source: SourceShape, present: Order = {}): object {
  const { type, required, payload, pattern, min, max, sensitive, streaming, eventstream } = source
  const memberNames = inOrder(Object.keys(source.members ?? {}), Object.keys(present.members ?? {}))
  const members = memberNames.map((name) => [name, compactMember(name, source.members?.[name] ?? { shape: name })])
  return {
    type,
    ...(type === 'structure' ? { required: required ?? [], members: Object.fromEntries(members) as object } : {}),
    payload,
    member: source.member?.shape,
    key: source.key?.shape,
    value: source.value?.shape,
    enum: source.enum && inOrder(source.enum, present.enum),
    pattern,
    min,
    max,
    sensitive,
    streaming,
    eventstream,
  }
}

function collectShapes(shapes: Source['shapes'], name: string, found: Set<string>): void {
  if (found.has(name)) return
  found.add(name)
  const shape = shapes[name]
  if (shape === undefined) throw new Error(`The model names the shape ${name} and does not define it.`)
  const members = [...Object.values(shape.members ?? {}), shape.member, shape.key, shape.value]
  for (const member of members) if (member !== undefined) collectShapes(shapes, member.shape, found)
}

function compactError(source: SourceShape): object {
  return {
    status: source.error?.httpStatusCode,
    messageKey: source.members?.['Message'] === undefined ? 'message' : 'Message',
  }
}

function lines(entries: readonly (readonly [string, object])[]): string {
  return entries.map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(',\n')
}

function compact(source: Source, date: string, present: Readonly<Record<string, Order>>): string {
  const found = new Set<string>()
  for (const { input, output } of Object.values(source.operations)) {
    for (const root of [input, output]) if (root !== undefined) collectShapes(source.shapes, root.shape, found)
  }
  const operations = Object.entries(source.operations).map(([name, each]) => [name, compactOperation(each)] as const)
  const shapes = Object.entries(source.shapes)
  const used = shapes
    .filter(([name]) => found.has(name))
    .map(([name, each]) => [name, compactShape(each, present[name])] as const)
  const errors = shapes.filter(([, each]) => each.exception).map(([name, each]) => [name, compactError(each)] as const)
  const sections = { operations, errors, shapes: used }
  const text = Object.entries(sections).map(([name, entries]) => `  "${name}": {\n${lines(entries)}\n  }`)
  const model = JSON.stringify({ apiVersion: source.metadata.apiVersion, date })
  return `{\n  "model": ${model},\n${text.join(',\n')}\n}\n`
}

const [, , path, date = ''] = process.argv
if (path === undefined || !/^\d{4}-\d\d-\d\d$/.test(date))
  throw new Error(
    'Name the service model and its date: node api/model/generate.ts PATH_TO_lambda-2015-03-31.json 2026-10-01',
  )
const file = new URL('lambda.json', import.meta.url)
const present = JSON.parse(readFileSync(file, 'utf8')) as { shapes: Record<string, Order> }
const source = JSON.parse(readFileSync(path, 'utf8')) as Source
writeFileSync(file, compact(source, date, present.shapes))
