import type { FunctionUrlConfig, PolicyStatement } from '../function/attached-settings.ts'

/** Who calls a function URL, as far as a policy can say something of him. */
export interface UrlCaller {
  readonly authType: FunctionUrlConfig['authType']
  /** Undefined when nobody signed the call. */
  readonly accountId?: string
}

const actions: ReadonlySet<string> = new Set(['lambda:InvokeFunctionUrl', 'lambda:*', '*'])

/**
 * Whether a resource policy lets the caller use the function's URL (reference 9.1). The permission for `lambda:InvokeFunction`
 * that AWS wants beside it of new URLs is not asked for.
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

/** Keys are of their account's root. */
function isRootOf(principal: string, accountId: string): boolean {
  return /^arn:[\w-]+:iam::(\d{12}):root$/.exec(principal)?.[1] === accountId
}

/** A request to a URL comes from no source, organization or event source, so that conditions on them never hold. */
function isFulfilled(statement: PolicyStatement, { authType }: UrlCaller): boolean {
  const { urlAuthType, sourceArn, sourceAccount, organizationId, eventSourceToken, isViaUrl } = statement
  const isElsewhere = [sourceArn, sourceAccount, organizationId, eventSourceToken].some((each) => each !== undefined)
  return !isElsewhere && isViaUrl !== false && (urlAuthType === undefined || urlAuthType === authType)
}
