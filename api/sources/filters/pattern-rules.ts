import { BlockList, isIP } from 'node:net'
import { isObject, WrittenNumber } from './exact-json.ts'

/** One rule in the list of a pattern. */
export interface Rule {
  /** Whether the rule matches a string, number, boolean or null. */
  accepts(leaf: unknown): boolean
  /** Set for `{"exists": false}`, which matches if there is no leaf. */
  readonly requiresAbsence?: boolean
}

type TextTest = (text: string) => boolean

/** Compiles a rule; undefined if the language does not have it. */
export function compileRule(rule: unknown): Rule | undefined {
  if (!isObject(rule)) return Array.isArray(rule) ? undefined : exactly(rule)
  const [[name, argument] = ['', undefined], ...others] = Object.entries(rule)
  if (others.length > 0) return undefined
  if (name === 'exists') return typeof argument === 'boolean' ? existence(argument) : undefined
  if (name === 'numeric') return numeric(argument)
  if (name === 'cidr') return cidr(argument)
  if (name === 'anything-but') return anythingBut(argument)
  return ofText(compileText(name, argument))
}

function exactly(expected: unknown): Rule {
  if (!(expected instanceof WrittenNumber)) return { accepts: (leaf) => leaf === expected }
  return { accepts: (leaf) => leaf instanceof WrittenNumber && leaf.text === expected.text }
}

function existence(isAsked: boolean): Rule {
  return isAsked ? { accepts: () => true } : { accepts: () => false, requiresAbsence: true }
}

function ofText(test: TextTest | undefined): Rule | undefined {
  return test && { accepts: (leaf) => typeof leaf === 'string' && test(leaf) }
}

function compileText(name: string, argument: unknown): TextTest | undefined {
  if (isObject(argument)) {
    const [[inner, text] = ['', undefined], ...others] = Object.entries(argument)
    const isNested = (name === 'prefix' || name === 'suffix') && inner === 'equals-ignore-case' && others.length === 0
    if (!isNested || typeof text !== 'string') return undefined
    const test = compileText(name, text.toLowerCase())
    return test && ((value) => test(value.toLowerCase()))
  }
  if (typeof argument !== 'string') return undefined
  if (name === 'prefix') return (value) => value.startsWith(argument)
  if (name === 'suffix') return (value) => value.endsWith(argument)
  if (name === 'equals-ignore-case') return (value) => value.toLowerCase() === argument.toLowerCase()
  return name === 'wildcard' ? wildcard(argument) : undefined
}

/** `*` matches any text; `\*` and `\\` match themselves. Matches piece by piece, so that no pattern backtracks. */
function wildcard(pattern: string): TextTest | undefined {
  const pieces: string[] = []
  let piece = ''
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index] ?? ''
    if (character === '*') {
      pieces.push(piece)
      piece = ''
    } else if (character !== '\\') piece += character
    else if (/[*\\]/.test(pattern[index + 1] ?? '')) piece += pattern[++index] ?? ''
    else return undefined
  }
  pieces.push(piece)
  if (pattern.replaceAll(/\\./g, '').includes('**')) return undefined
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return (value) => value === first
  return (value) => {
    if (!value.startsWith(first) || !value.endsWith(last)) return false
    let from = first.length
    for (const piece of rest) {
      const found = value.indexOf(piece, from)
      if (found < 0) return false
      from = found + piece.length
    }
    return from <= value.length - last.length
  }
}

const comparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
}

function numeric(argument: unknown): Rule | undefined {
  if (!Array.isArray(argument) || argument.length === 0 || argument.length > 4 || argument.length % 2 !== 0)
    return undefined
  const tests: ((value: number) => boolean)[] = []
  for (let index = 0; index < argument.length; index += 2) {
    const [sign, bound] = argument.slice(index, index + 2) as unknown[]
    const compare = typeof sign === 'string' && Object.hasOwn(comparisons, sign) ? comparisons[sign] : undefined
    if (compare === undefined || !(bound instanceof WrittenNumber)) return undefined
    tests.push((value) => compare(value, Number(bound.text)))
  }
  return { accepts: (leaf) => leaf instanceof WrittenNumber && tests.every((test) => test(Number(leaf.text))) }
}

function cidr(argument: unknown): Rule | undefined {
  const parts = typeof argument === 'string' ? /^([^/]+)\/(\d{1,3})$/.exec(argument) : null
  const version = isIP(parts?.[1] ?? '')
  if (version === 0 || Number(parts?.[2]) > (version === 4 ? 32 : 128)) return undefined
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const block = new BlockList()
  block.addSubnet(parts?.[1] ?? '', Number(parts?.[2]), family)
  return { accepts: (leaf) => typeof leaf === 'string' && isIP(leaf) === version && block.check(leaf, family) }
}

function anythingBut(argument: unknown): Rule | undefined {
  const excluded = isObject(argument) ? excludedTexts(argument) : excludedValues(argument)
  return excluded && { accepts: (leaf) => !excluded.some((rule) => rule.accepts(leaf)) }
}

function excludedValues(argument: unknown): readonly Rule[] | undefined {
  const values: unknown[] = Array.isArray(argument) ? argument : [argument]
  const isUsable = values.every((value) => typeof value === 'string' || value instanceof WrittenNumber)
  return isUsable && values.length > 0 ? values.map(exactly) : undefined
}

/** `{"prefix": …}`, `suffix`, `equals-ignore-case` and `wildcard`, each with one text or a list of texts. */
function excludedTexts(argument: Readonly<Record<string, unknown>>): readonly Rule[] | undefined {
  const [[name, texts] = ['', undefined], ...others] = Object.entries(argument)
  const rules = (Array.isArray(texts) ? (texts as unknown[]) : [texts]).map((text) => ofText(compileText(name, text)))
  return others.length === 0 && rules.length > 0 && rules.every((rule) => rule !== undefined) ? rules : undefined
}
