import type { UrlAnswer } from './url-response.ts'

const policyHeader = 'content-security-policy'
/** Without `allow-same-origin`: scripts run, but in an origin that is nobody else's. */
const sandbox = 'sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts'

/**
 * An answer whose page, should a browser show it, has an origin of its own. A URL by path has the server's address, and a page of
 * a function could else call the API and every other function in the name of who looks at it. Policies add up: the function's
 * own holds, too.
 */
export function sandboxed(answer: UrlAnswer): UrlAnswer {
  const own = answer.headers.filter(([name]) => name === policyHeader).map(([, value]) => value)
  const others = answer.headers.filter(([name]) => name !== policyHeader)
  return { ...answer, headers: [...others, [policyHeader, [...own, sandbox].join(', ')]] }
}
