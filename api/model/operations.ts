import data from './lambda.json' with { type: 'json' }

/** The name of an operation of the API, as AWS spells it. */
export type OperationName = keyof typeof data.operations

/** One operation: its HTTP binding, and the shapes of its input and output. */
export interface Operation {
  readonly name: OperationName
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path with labels in braces, such as `/2015-03-31/functions/{FunctionName}`. */
  readonly path: string
  /** The query that distinguishes this operation from another one with the same method and path. */
  readonly query?: Readonly<Record<string, string>>
  readonly status: number
  readonly input?: string
  readonly output?: string
  readonly errors: readonly string[]
}

/** The location of a structure's member: the body when `location` is absent. */
export interface Member {
  readonly shape: string
  readonly location?: 'uri' | 'querystring' | 'header' | 'statusCode'
  /** The name at the location, if it is not the member's own. */
  readonly locationName?: string
}

interface Constrained {
  readonly min?: number
  readonly max?: number
  readonly sensitive?: boolean
}

export interface StructureShape extends Constrained {
  readonly type: 'structure'
  readonly required: readonly string[]
  readonly members: Readonly<Record<string, Member>>
  /** The member that is the whole body. */
  readonly payload?: string
  readonly eventstream?: boolean
}

export interface ListShape extends Constrained {
  readonly type: 'list'
  readonly member: string
}

export interface MapShape extends Constrained {
  readonly type: 'map'
  readonly key: string
  readonly value: string
}

export interface ScalarShape extends Constrained {
  readonly type: 'string' | 'integer' | 'long' | 'double' | 'boolean' | 'timestamp' | 'blob'
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly streaming?: boolean
}

export type Shape = StructureShape | ListShape | MapShape | ScalarShape

const shapes = data.shapes as unknown as Readonly<Record<string, Shape>>
const byName = Object.fromEntries(
  Object.entries(data.operations).map(([name, operation]) => [name, { name, ...operation }]),
) as unknown as Readonly<Record<OperationName, Operation>>

/** The service model that `lambda.json` was generated from: the version of its API, and the day of its publication. */
export const followedModel: { readonly apiVersion: string; readonly date: string } = data.model

/** All operations of the API, by name. */
export const operations: readonly Operation[] = Object.values(byName)

/** The modelled exceptions: status and spelling of the message's key. */
export const modelledErrors: Readonly<Record<string, { readonly status: number; readonly messageKey: string }>> =
  data.errors

/** The operation of a name. */
export function operation(name: OperationName): Operation {
  return byName[name]
}

/** The shape with a name from the model. */
export function shapeOf(name: string): Shape {
  const shape = shapes[name]
  if (shape === undefined)
    throw new Error(`lambda.json has no shape ${name}; generate it again with api/model/generate.ts.`)
  return shape
}

/** The structure with a name from the model; an empty one without a name. */
export function structureOf(name: string | undefined): StructureShape {
  const shape = name === undefined ? emptyStructure : shapeOf(name)
  if (shape.type !== 'structure') throw new Error(`${String(name)} in lambda.json is not a structure.`)
  return shape
}

const emptyStructure: StructureShape = { type: 'structure', required: [], members: {} }
