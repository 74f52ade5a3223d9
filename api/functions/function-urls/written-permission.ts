import type { FunctionUrlConfig, WrittenPrincipal, WrittenStatement } from '../function/attached-settings.ts'
import { listOf, matchesPattern } from '../policies/policy-language.ts'

/** The caller of a function URL, as far as a policy can refer to it. */
export interface UrlCaller {
  readonly authType: FunctionUrlConfig['authType']
  /** Undefined if the call is not signed. */
  readonly accountId?: string
}

/** Whether a condition holds; undefined if it asks for what is not known here. */
type Held = boolean | undefined

const action = 'lambda:InvokeFunctionUrl'

/** Whether a statement in the policy language allows the caller a function's URL. What is not known allows nothing. */
export function allowsUrlAs(statement: WrittenStatement, caller: UrlCaller): boolean {
  return statement.Effect === 'Allow' && isMeant(statement, caller) && isFulfilled(statement, caller) === true
}

/** Whether a statement in the policy language denies the caller a function's URL. What is not known denies. */
export function deniesUrlAs(statement: WrittenStatement, caller: UrlCaller): boolean {
  return statement.Effect === 'Deny' && isMeant(statement, caller) && isFulfilled(statement, caller) !== false
}

function isMeant(statement: WrittenStatement, caller: UrlCaller): boolean {
  const { Action, NotAction, Principal, NotPrincipal } = statement
  const isAction = NotAction === undefined ? isOneOf(action, listOf(Action)) : !isOneOf(action, listOf(NotAction))
  if (!isAction) return false
  return NotPrincipal === undefined ? isNamed(Principal, caller) : !isNamed(NotPrincipal, caller)
}

function isOneOf(name: string, patterns: readonly unknown[]): boolean {
  return patterns.some((pattern) => matchesPattern(String(pattern).toLowerCase(), name.toLowerCase()))
}

function isNamed(principal: WrittenPrincipal | undefined, { accountId }: UrlCaller): boolean {
  if (principal === undefined || principal === '*') return principal === '*'
  return listOf(principal['AWS']).some((name) => name === '*' || (accountId !== undefined && isRoot(name, accountId)))
}

/** Keys belong to their account's root. */
function isRoot(name: unknown, accountId: string): boolean {
  return /^arn:[\w-]+:iam::(\d{12}):root$/.exec(String(name))?.[1] === accountId
}

function isFulfilled({ Condition: condition = {} }: WrittenStatement, caller: UrlCaller): Held {
  const held = Object.entries(condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => holds(operator, key.toLowerCase(), listOf(values), caller)),
  )
  if (held.includes(false)) return false
  return held.includes(undefined) ? undefined : true
}

function holds(operator: string, key: string, expected: readonly unknown[], caller: UrlCaller): Held {
  const value = valueOf(key, caller)
  if (value === undefined) return absentKeys.has(key) && !/Not|IfExists|Null|^For/.test(operator) ? false : undefined
  const isEqual = expected.some((each) => String(each) === value)
  switch (operator) {
    case 'StringEquals':
    case 'Bool':
      return isEqual
    case 'StringNotEquals':
      return !isEqual
    case 'StringLike':
      return expected.some((each) => matchesPattern(String(each), value))
    default:
      return undefined
  }
}

/** A request to a URL has no source and no event source, so conditions on them never match. */
const absentKeys: ReadonlySet<string> = new Set(['aws:sourcearn', 'aws:sourceaccount', 'lambda:eventsourcetoken'])

function valueOf(key: string, { authType, accountId }: UrlCaller): string | undefined {
  if (key === 'lambda:functionurlauthtype') return authType
  if (key === 'lambda:invokedviafunctionurl') return 'true'
  return key === 'aws:principalaccount' ? accountId : undefined
}
