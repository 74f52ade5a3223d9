import { compileRule, type Rule } from './pattern-rules.ts'
import { isObject, parseExactly } from './exact-json.ts'

/** The pattern is not valid. */
export class InvalidPattern extends Error {}

/** Whether a text is a valid filter pattern. If given, `jsonKey` is a key whose value is always JSON: rules for text are invalid. */
export function isFilterPattern(text: string, jsonKey?: string): boolean {
  try {
    const data = jsonKey === undefined ? undefined : parsePattern(text).members.get(jsonKey)
    if (jsonKey === undefined) parsePattern(text)
    return data === undefined || 'members' in data
  } catch (error) {
    if (error instanceof InvalidPattern) return false
    throw error
  }
}

/** A parsed pattern: all members must match, and one alternative of each `$or`. */
export interface Pattern {
  readonly members: ReadonlyMap<string, Pattern | readonly Rule[]>
  readonly choices: readonly (readonly Pattern[])[]
}

/** Parses an event pattern of EventBridge's language (reference 8.6). Throws `InvalidPattern`. */
export function parsePattern(text: string): Pattern {
  try {
    return compile(parseExactly(text))
  } catch (error) {
    if (error instanceof InvalidPattern) throw error
    throw new InvalidPattern('The pattern is not JSON.', { cause: error })
  }
}

function compile(pattern: unknown): Pattern {
  if (!isObject(pattern)) throw new InvalidPattern('A pattern must be an object.')
  const members = new Map<string, Pattern | readonly Rule[]>()
  const choices: Pattern[][] = []
  for (const [key, value] of Object.entries(pattern)) {
    if (key === '$or' && Array.isArray(value) && value.length > 1 && value.every(isObject)) {
      choices.push(value.map(compile))
    } else if (Array.isArray(value)) members.set(key, compileRules(key, value))
    else if (isObject(value) && Object.keys(value).length > 0) members.set(key, compile(value))
    else throw new InvalidPattern(`"${key}" must be an object or an array.`)
  }
  return { members, choices }
}

function compileRules(key: string, rules: readonly unknown[]): readonly Rule[] {
  if (rules.length === 0) throw new InvalidPattern(`Empty arrays are not allowed: "${key}".`)
  return rules.map((rule) => {
    const compiled = compileRule(rule)
    if (compiled === undefined) throw new InvalidPattern(`"${key}" has a rule that is not known.`)
    return compiled
  })
}

/** Whether the value matches the pattern. Of a list, one matching element is enough. */
export function matchesPattern(pattern: Pattern, value: unknown): boolean {
  if (Array.isArray(value) && value.length > 0) return value.some((element) => matchesPattern(pattern, element))
  if (value !== undefined && !Array.isArray(value) && !isObject(value)) return false
  const object = isObject(value) ? value : {}
  return (
    [...pattern.members].every(([key, asked]) =>
      matchesMember(asked, Object.hasOwn(object, key) ? object[key] : undefined),
    ) && pattern.choices.every((patterns) => patterns.some((choice) => matchesPattern(choice, object)))
  )
}

function matchesMember(asked: Pattern | readonly Rule[], value: unknown): boolean {
  if ('members' in asked) return matchesPattern(asked, value)
  const leaves = leavesOf(value)
  return asked.some((rule) => (rule.requiresAbsence ? leaves.length === 0 : leaves.some((leaf) => rule.accepts(leaf))))
}

/**
 * The leaves that rules are matched against: strings, numbers, booleans and null, also those in lists. Objects have no leaves.
 */
function leavesOf(value: unknown): readonly unknown[] {
  if (value === undefined || isObject(value)) return []
  return Array.isArray(value) ? value.flatMap(leavesOf) : [value]
}
