import { validation } from '../../errors.ts'
import { constraintsOf, notNull } from './constraints.ts'
import type { Constraint } from './constraints.ts'
import { refuseUnsupported } from './exceptional-constraints.ts'
import { javaText } from './java-text.ts'
import { structureOf } from '../operations.ts'
import type { ListShape, MapShape, Operation, Shape } from '../operations.ts'
import { checkedMember } from './recorded-constraints.ts'

/** Appends a value's violations to the list; `path` is the path of the value in AWS's form. */
type Check = (value: unknown, path: string, violations: string[]) => void

const checks = new Map<Operation, Check>()

/**
 * Validates an input against every constraint of its operation. Throws one `ValidationException` with all violations, in the
 * order of the members, or the exception that AWS has for runtimes and long names.
 */
export function validate(operation: Operation, input: Readonly<Record<string, unknown>>): void {
  let check = checks.get(operation)
  if (check === undefined) checks.set(operation, (check = structureCheck(operation.input ?? '')))
  const violations: string[] = []
  check(input, '', violations)
  if (violations.length > 0) throw validation(violations)
  refuseUnsupported(operation.name, input)
}

function structureCheck(name: string): Check {
  const shape = structureOf(name === '' ? undefined : name)
  const members = Object.entries(shape.members).map(([member, { shape: shapeName }]) => ({
    name: member,
    segment: member.charAt(0).toLowerCase() + member.slice(1),
    isRequired: shape.required.includes(member),
    check: checkOf(shapeName, checkedMember(name, member, shapeName)),
  }))
  const relevant = members.filter(({ check, isRequired }) => isRequired || check !== undefined)
  return (value, path, violations) => {
    const structure = value as Record<string, unknown>
    for (const { name, segment, isRequired, check } of relevant) {
      const member = structure[name]
      const memberPath = path === '' ? segment : `${path}.${segment}`
      if (member !== undefined) check?.(member, memberPath, violations)
      else if (isRequired) violations.push(nullAt(memberPath))
    }
  }
}

/** The check of a shape; undefined if every value of its type is valid. */
function checkOf(name: string, shape: Shape): Check | undefined {
  if (shape.type === 'structure') return structureCheck(name)
  const own = constraintsOf(shape)
  const inner =
    shape.type === 'list' ? listCheck(name, shape) : shape.type === 'map' ? mapCheck(name, shape) : undefined
  if (own.length === 0) return inner
  return (value, path, violations) => {
    for (const constraint of own) {
      if (!constraint.holds(value)) violations.push(violation(shape, value, path, constraint.text))
    }
    inner?.(value, path, violations)
  }
}

function listCheck(name: string, shape: ListShape): Check {
  const member = checkedMember(name, 'member', shape.member)
  if (member.type === 'structure') return elementsCheck(structureCheck(shape.member))
  const each = nested(shape.member, member)
  const text = `Member must satisfy constraint: ${each.text}`
  return (value, path, violations) => {
    if (!(value as unknown[]).every(each.holds)) violations.push(violation(shape, value, path, text))
  }
}

/** Elements that are structures have paths of their own, counted from 1. */
function elementsCheck(check: Check): Check {
  return (value, path, violations) => {
    for (const [index, each] of (value as unknown[]).entries()) {
      const memberPath = `${path}.${String(index + 1)}.member`
      if (each === null) violations.push(nullAt(memberPath))
      else check(each, memberPath, violations)
    }
  }
}

function mapCheck(name: string, shape: MapShape): Check {
  const keys = together(constraintsOf(checkedMember(name, 'key', shape.key)))
  const values = nested(shape.value, checkedMember(name, 'value', shape.value))
  return (value, path, violations) => {
    const map = value as Record<string, unknown>
    if (!Object.keys(map).every(keys.holds)) {
      violations.push(violation(shape, value, path, `Map keys must satisfy constraint: ${keys.text}`))
    }
    if (!Object.values(map).every(values.holds)) {
      violations.push(violation(shape, value, path, `Map value must satisfy constraint: ${values.text}`))
    }
  }
}

/** All constraints of a list's member or a map's value, as one constraint in brackets. */
function nested(name: string, shape: Shape): Constraint {
  const own = constraintsOf(shape)
  if (shape.type !== 'list') return together([...own, notNull])
  const member = nested(shape.member, checkedMember(name, 'member', shape.member))
  const holds = (value: unknown) => (value as unknown[]).every(member.holds)
  return together([...own, { text: `Member must satisfy constraint: ${member.text}`, holds }, notNull])
}

function together(constraints: readonly Constraint[]): Constraint {
  return {
    text: `[${constraints.map((constraint) => constraint.text).join(', ')}]`,
    holds: (value) => constraints.every((one) => (value === null ? one !== notNull : one.holds(value))),
  }
}

function violation(shape: Shape, value: unknown, path: string, text: string): string {
  // AWS does not print values that may be secret.
  const isHidden = shape.sensitive === true || shape.type === 'blob'
  return `Value ${isHidden ? '' : `'${javaText(shape, value)}' `}at '${path}' failed to satisfy constraint: ${text}`
}

function nullAt(path: string): string {
  return `Value null at '${path}' failed to satisfy constraint: ${notNull.text}`
}
