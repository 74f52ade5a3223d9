import { allowsUrlAs, deniesUrlAs, type UrlCaller } from './written-permission.ts'
import type { PolicyStatement } from '../function/attached-settings.ts'

const actions: ReadonlySet<string> = new Set(['lambda:InvokeFunctionUrl', 'lambda:*', '*'])

/**
 * Whether a resource policy allows the caller to use the function's URL (reference 9.1). The additional permission for
 * `lambda:InvokeFunction` that AWS requires for new URLs is not required.
 */
export function allowsUrl(statements: readonly PolicyStatement[], caller: UrlCaller): boolean {
  return !deniesUrl(statements, caller) && statements.some((statement) => isAllowedBy(statement, caller))
}

/** Whether a resource policy denies it to the caller, who may be of the function's own account. */
export function deniesUrl(statements: readonly PolicyStatement[], caller: UrlCaller): boolean {
  return statements.some(({ written }) => written !== undefined && deniesUrlAs(written, caller))
}

function isAllowedBy(statement: PolicyStatement, caller: UrlCaller): boolean {
  const { written, action } = statement
  if (written !== undefined) return allowsUrlAs(written, caller)
  return actions.has(action) && isMeant(statement, caller) && isFulfilled(statement, caller)
}

function isMeant({ principal }: PolicyStatement, { accountId }: UrlCaller): boolean {
  if (principal === '*') return true
  return accountId !== undefined && (principal === accountId || isRootOf(principal, accountId))
}

/** Keys belong to their account's root. */
function isRootOf(principal: string, accountId: string): boolean {
  return /^arn:[\w-]+:iam::(\d{12}):root$/.exec(principal)?.[1] === accountId
}

/** A request to a URL has no source, organization or event source, so conditions on them never match. */
function isFulfilled(statement: PolicyStatement, { authType }: UrlCaller): boolean {
  const { urlAuthType, sourceArn, sourceAccount, organizationId, eventSourceToken, isViaUrl } = statement
  const isElsewhere = [sourceArn, sourceAccount, organizationId, eventSourceToken].some((each) => each !== undefined)
  return !isElsewhere && isViaUrl !== false && (urlAuthType === undefined || urlAuthType === authType)
}
