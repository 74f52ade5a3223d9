/**
 * Deviations of AWS from its published model (reference 1.5). Texts of patterns and the order of sets are part of messages, so
 * they are stored as recorded.
 */
import { shapeOf } from '../operations.ts'
import type { Shape } from '../operations.ts'

const region = '(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}'
const anyName = '[a-zA-Z0-9-_]+'
const uuid = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}'

const taggable = [
  `function:${anyName}(:(\\$LATEST|${anyName}))?`,
  `layer:(${anyName})`,
  'code-signing-config:csc-[a-z0-9]{17}',
  `event-source-mapping:${uuid}`,
  `capacity-provider:${anyName}`,
]

/** Strings that AWS checks differently from the model, by shape. */
const strings: Readonly<Record<string, { readonly pattern?: string; readonly enum?: readonly string[] }>> = {
  EventSourcePosition: { enum: ['LATEST', 'AT_TIMESTAMP', 'TRIM_HORIZON'] },
  InvokeMode: { enum: ['RESPONSE_STREAM', 'BUFFERED'] },
  NamespacedStatementId: { pattern: '([a-zA-Z0-9-_]+)' },
  RecursiveLoop: { enum: ['Terminate', 'Allow'] },
  TaggableResource: { pattern: `arn:(aws[a-zA-Z-]*):lambda:${region}:\\d{12}:(${taggable.join('|')})` },
}

/** Runtimes that functions and layers may name, in the recorded order. */
export const supportedRuntimes: readonly string[] = (
  'nodejs20.x python3.14 provided.al2023 python3.12 python3.13 nodejs24.x nodejs22.x java25 python3.10 python3.11 java21 ' +
  'ruby3.3 ruby3.4 ruby3.2 python3.8 python3.9 java17 nodejs16.x dotnet10 dotnet8 java11 dotnet6 nodejs18.x provided.al2 ' +
  'java8.al2'
).split(' ')

/** Runtimes newer than the recording: accepted, but not printed. */
export const newerRuntimes: readonly string[] =
  'nodejs26.x python3.15 ruby4.0 java8.al2023 java11.al2023 java17.al2023'.split(' ')

const layerReference: Shape = {
  type: 'string',
  min: 1,
  max: 2048,
  pattern:
    `(arn:(aws[a-zA-Z-]*)?:lambda:${region}:\\d{12}:layer:${anyName}:[0-9]+)|` +
    `(arn:[a-zA-Z0-9-]+:lambda:::awslayer:${anyName})`,
}

const publishedRuntime: Shape = { type: 'string', enum: supportedRuntimes }
/** An unknown runtime of a function throws another exception, once all constraints are satisfied. */
const functionRuntime: Shape = { type: 'string' }

const updatedFunctionName = (): Shape => checkedShape('NamespacedFunctionName')

/** Members that AWS checks by another shape than that of the model, by `Structure.Member` or `List.member`. */
const members: Readonly<Record<string, () => Shape>> = {
  'CompatibleRuntimes.member': () => publishedRuntime,
  'CreateFunctionRequest.Runtime': () => functionRuntime,
  'LayerList.member': () => layerReference,
  'UpdateFunctionCodeRequest.FunctionName': updatedFunctionName,
  'UpdateFunctionConfigurationRequest.FunctionName': updatedFunctionName,
  'UpdateFunctionConfigurationRequest.Runtime': () => functionRuntime,
}

/** The shape that AWS checks values of a shape by. */
export function checkedShape(name: string): Shape {
  return { ...shapeOf(name), ...strings[name] }
}

/** The shape that AWS checks a member by. */
export function checkedMember(owner: string, member: string, shapeName: string): Shape {
  return members[`${owner}.${member}`]?.() ?? checkedShape(shapeName)
}

/** Whether a set accepts a value that it does not print: layers may name every runtime of the model, retired ones too. */
export function isUnprinted(shape: Shape, value: string): boolean {
  if (shape !== publishedRuntime) return false
  const model = shapeOf('Runtime')
  return 'enum' in model && model.enum.includes(value)
}
