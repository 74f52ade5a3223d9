import { invalidParameterValue } from '../../errors.ts'
import type { PolicyHead, PolicyStatement, WrittenStatement } from '../function/attached-settings.ts'
import { listOf, matchesPattern } from './policy-language.ts'
import { policyErrors, principals } from './policy.ts'

/** A whole policy, as `PutResourcePolicy` takes it. */
export interface PolicyDocument {
  readonly head: PolicyHead
  readonly statements: readonly PolicyStatement[]
}

type Json = Readonly<Record<string, unknown>>

/** Refusals of a policy's language; AWS's texts are not known, these are ours. */
const documentErrors = {
  json: () => malformed('it is not valid JSON'),
  member: (name: string, where: string) => malformed(`${name} is not a member of ${where}`),
  value: (path: string, expected: string) => malformed(`${path} must be ${expected}`),
  sidTwice: (sid: string) => malformed(`the statement id ${sid} is used twice`),
  resource: (path: string, arn: string) => malformed(`${path} must match ${arn}`),
}

const versions = ['2012-10-17', '2008-10-17']
const documentMembers = new Set(['Version', 'Id', 'Statement'])
const statementMembers = new Set([
  ...['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'Condition'],
])
const operator =
  /^(?:ForAllValues:|ForAnyValue:)?(?:(?:String(?:Not)?(?:Equals(?:IgnoreCase)?|Like)|Arn(?:Not)?(?:Equals|Like)|(?:Numeric|Date)(?:Not)?Equals|(?:Numeric|Date)(?:Less|Greater)Than(?:Equals)?|Bool|BinaryEquals|(?:Not)?IpAddress)(?:IfExists)?|Null)$/

/**
 * Reads a policy and checks it by the rules of the policy language, for the function, version or alias that `resource` names. A
 * lone statement becomes a list, and a principal that is an account becomes its root, as AWS prints them.
 */
export function readPolicy(text: string, resource: string): PolicyDocument {
  const document = objectAt('the policy', parse(text))
  onlyMembers(document, documentMembers, 'a policy')
  const { Version: version, Id: id, Statement: given } = document
  if (version !== undefined && !versions.includes(version as string))
    throw documentErrors.value('Version', versions.join(' or '))
  if (id !== undefined && typeof id !== 'string') throw documentErrors.value('Id', 'a text')
  const list = listOf(given)
  if (given === undefined || list.length === 0) throw documentErrors.value('Statement', 'one statement or more')
  const statements = list.map((each, index) => readStatement(each, `Statement[${index}]`, resource))
  const sids = statements.map((statement) => statement.id).filter((sid) => sid !== '')
  const twice = sids.find((sid, index) => sids.indexOf(sid) !== index)
  if (twice !== undefined) throw documentErrors.sidTwice(twice)
  return {
    head: { ...(version !== undefined && { version: version as string }), ...(id !== undefined && { id }) },
    statements,
  }
}

function readStatement(given: unknown, path: string, resource: string): PolicyStatement {
  const statement = objectAt(path, given)
  onlyMembers(statement, statementMembers, 'a statement')
  const { Sid: id = '', Effect: effect, Resource: on, Condition: condition } = statement
  if (typeof id !== 'string' || !/^[a-zA-Z0-9-_]{0,100}$/.test(id))
    throw documentErrors.value(`${path}.Sid`, 'at most 100 letters, digits, - and _')
  if (effect !== 'Allow' && effect !== 'Deny') throw documentErrors.value(`${path}.Effect`, 'Allow or Deny')
  const who = oneOf(statement, path, 'Principal', 'NotPrincipal')
  if (who === 'NotPrincipal' && effect === 'Allow') throw documentErrors.value(`${path}.NotPrincipal`, 'used with Deny')
  const what = oneOf(statement, path, 'Action', 'NotAction')
  for (const action of textsAt(`${path}.${what}`, statement[what]))
    if (!/^(?:\*|lambda:[a-zA-Z*?]+)$/.test(action)) throw documentErrors.value(`${path}.${what}`, 'lambda:<operation>')
  for (const pattern of textsAt(`${path}.Resource`, on))
    if (!matchesPattern(pattern, resource)) throw documentErrors.resource(`${path}.Resource`, resource)
  const principal = readPrincipal(statement[who], `${path}.${who}`, resource)
  if (condition !== undefined) checkCondition(condition, `${path}.Condition`)
  // A server of an earlier release finds an action and a principal that allow nothing.
  return { id, action: '', principal: '', written: { ...statement, [who]: principal } as unknown as WrittenStatement }
}

function readPrincipal(given: unknown, path: string, resource: string): unknown {
  if (given === '*') return given
  const kinds = Object.entries(objectAt(path, given))
  if (kinds.length === 0) throw policyErrors.principal()
  const read = kinds.map(([kind, names]) => {
    const all = textsAt(`${path}.${kind}`, names).map((name) => principals.written(kind, name, resource))
    return [kind, Array.isArray(names) ? all : all[0]] as const
  })
  return Object.fromEntries(read)
}

function checkCondition(given: unknown, path: string): void {
  for (const [name, keys] of Object.entries(objectAt(path, given))) {
    if (!operator.test(name)) throw documentErrors.member(name, 'the condition operators')
    for (const [key, values] of Object.entries(objectAt(`${path}.${name}`, keys))) {
      const isFit = listOf(values).every((value) => ['string', 'number', 'boolean'].includes(typeof value))
      if (!isFit || listOf(values).length === 0) throw documentErrors.value(`${path}.${name}.${key}`, 'a text or texts')
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw documentErrors.json()
  }
}

function objectAt(path: string, value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw documentErrors.value(path, 'a JSON object')
  return value as Json
}

function textsAt(path: string, value: unknown): readonly string[] {
  const all = listOf(value)
  if (all.length === 0 || !all.every((each) => typeof each === 'string'))
    throw documentErrors.value(path, 'a text or texts')
  return all
}

function oneOf<Name extends string>(statement: Json, path: string, one: Name, other: Name): Name {
  if ((statement[one] === undefined) === (statement[other] === undefined))
    throw documentErrors.value(path, `given either ${one} or ${other}`)
  return statement[one] === undefined ? other : one
}

function onlyMembers(value: Json, known: ReadonlySet<string>, where: string): void {
  const other = Object.keys(value).find((name) => !known.has(name))
  if (other !== undefined) throw documentErrors.member(other.slice(0, 100), where)
}

function malformed(text: string): Error {
  return invalidParameterValue(`The resource policy is malformed: ${text}.`)
}
