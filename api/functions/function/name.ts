import { validation } from '../../errors.ts'
import type { Home } from './arn.ts'
import { nameErrors } from './errors.ts'

/** A function of this server, with the version or alias that the caller named. */
export interface FunctionReference {
  readonly name: string
  readonly qualifier?: string
}

const region = String.raw`(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d`
const anyForm = new RegExp(
  String.raw`^(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:(?<region>${region}):)?(?:(?<account>\d{12}):)?(?:function:)?` +
    String.raw`(?<name>[a-zA-Z0-9\-_.]+)(?::(?<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9\-_]+))?$`,
)
const plainName = /^[a-zA-Z0-9\-_.]+$/

/** The pattern as AWS prints it. */
const printedPattern = String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`

/**
 * Parses every form that AWS accepts for a function: name, `name:qualifier`, partial ARN, ARN, each with the `Qualifier` of the
 * request. Other regions, other accounts and conflicting qualifiers are AWS's errors (reference 1.7).
 */
export function parseFunctionName(text: string, qualifier: string | undefined, home: Home): FunctionReference {
  if (plainName.test(text)) return referenceTo(text, qualifier)
  const parts = anyForm.exec(text)?.groups
  if (parts?.['name'] === undefined) throw malformedName(text)
  const { region: theirs = home.region, account = home.accountId, qualifier: derived } = parts
  if (theirs !== home.region) throw nameErrors.otherRegion(theirs, home.region)
  if (account !== home.accountId) throw nameErrors.otherAccount()
  if (derived !== undefined && qualifier !== undefined && derived !== qualifier) throw nameErrors.qualifierMismatch()
  return referenceTo(parts['name'], qualifier ?? derived)
}

/** Parses the name for operations that refuse versions and aliases; `$LATEST` is the function itself. */
export function parseUnqualifiedName(text: string, home: Home): string {
  const { name, qualifier } = parseFunctionName(text, undefined, home)
  if (qualifier !== undefined && qualifier !== '$LATEST') throw nameErrors.unqualifiedOnly()
  return name
}

/** Parses the name for operations that refuse every qualifier, `$LATEST` too. */
export function parseBareName(text: string, home: Home): string {
  const { name, qualifier } = parseFunctionName(text, undefined, home)
  if (qualifier !== undefined) throw nameErrors.unqualifiedOnly()
  return name
}

function referenceTo(name: string, qualifier: string | undefined): FunctionReference {
  return qualifier === undefined ? { name } : { name, qualifier }
}

function malformedName(text: string): Error {
  return validation([
    `Value '${text}' at 'functionName' failed to satisfy constraint: ` +
      `Member must satisfy regular expression pattern: ${printedPattern}`,
  ])
}
