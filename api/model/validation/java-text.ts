import { javaDouble } from './constraints.ts'
import { shapeOf } from '../operations.ts'
import type { Shape } from '../operations.ts'

/** A value as AWS prints it in a violation: `a`, `2.0`, `[a, b]`, `{k=v}`. */
export function javaText(shape: Shape, value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (shape.sensitive) return '***'
  switch (shape.type) {
    case 'list':
      return `[${(value as unknown[]).map((each) => javaText(shapeOf(shape.member), each)).join(', ')}]`
    case 'map':
      return entriesText(value, () => shape.value, '{', '}')
    case 'structure':
      return entriesText(value, (name) => shape.members[name]?.shape, '(', ')')
    case 'double':
      return javaDouble(value as number)
    case 'blob':
      return '***'
    case 'timestamp':
      return (value as Date).toISOString()
    default:
      return typeof value === 'string' ? value : JSON.stringify(value)
  }
}

function entriesText(
  value: unknown,
  shapeNameOf: (key: string) => string | undefined,
  open: string,
  close: string,
): string {
  const entries = Object.entries(value as object).map(([key, each]) => {
    const name = shapeNameOf(key)
    return `${key}=${name === undefined ? '' : javaText(shapeOf(name), each)}`
  })
  return `${open}${entries.join(', ')}${close}`
}
