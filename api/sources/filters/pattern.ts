import { compileRule, type Rule } from './pattern-rules.ts'
import { isObject, parseExactly } from './exact-json.ts'

/** A pattern that cannot be read. */
export class InvalidPattern extends Error {}

/** Whether a text is a pattern that records can be filtered by. */
export function isFilterPattern(text: string): boolean {
  try {
    parsePattern(text)
    return true
  } catch (error) {
    if (error instanceof InvalidPattern) return false
    throw error
  }
}

/** What a pattern asks of an object: all members of it, and one choice of each `$or`. */
export interface Pattern {
  readonly members: ReadonlyMap<string, Pattern | readonly Rule[]>
  readonly choices: readonly (readonly Pattern[])[]
}

/** Reads an event pattern of EventBridge's language (reference 8.6); one that is not is an `InvalidPattern`. */
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

/** Whether the pattern asks only for what the value has. Of a list, one element that fits is enough. */
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
  return asked.some((rule) => (rule.asksForAbsence ? leaves.length === 0 : leaves.some((leaf) => rule.accepts(leaf))))
}

/** What rules look at: strings, numbers, booleans and null, those in lists too; objects have no value of their own. */
function leavesOf(value: unknown): readonly unknown[] {
  if (value === undefined || isObject(value)) return []
  return Array.isArray(value) ? value.flatMap(leavesOf) : [value]
}
