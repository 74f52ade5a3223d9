import type { FunctionUrlConfig, PolicyStatement } from '../function/attached-settings.ts'

/** The caller of a function URL, as far as a policy can refer to it. */
export interface UrlCaller {
  readonly authType: FunctionUrlConfig['authType']
  /** Undefined if the call is not signed. */
  readonly accountId?: string
}

const actions: ReadonlySet<string> = new Set(['lambda:InvokeFunctionUrl', 'lambda:*', '*'])

/**
 * Whether a resource policy allows the caller to use the function's URL (reference 9.1). The additional permission for
 * `lambda:InvokeFunction` that AWS requires for new URLs is not required.
 */
export function allowsUrl(statements: readonly PolicyStatement[], caller: UrlCaller): boolean {
  return statements.some(
    (statement) => actions.has(statement.action) && isMeant(statement, caller) && isFulfilled(statement, caller),
  )
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
