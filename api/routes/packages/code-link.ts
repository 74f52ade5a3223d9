import { createHmac, timingSafeEqual } from 'node:crypto'

const validSeconds = 600

/** The path of download links. */
export const codePath = '/_kubelambda/code/'

export interface CodeLinkKey {
  /** The secret that signs links to packages. */
  readonly linkKey: Buffer
  readonly nowMs: () => number
}

/** A link on this server that downloads the package, valid for ten minutes. */
export function codeLink({ linkKey, nowMs }: CodeLinkKey, baseUrl: string, sha256: string): string {
  const digest = Buffer.from(sha256, 'base64').toString('hex')
  const expires = String(Math.floor(nowMs() / 1000) + validSeconds)
  return `${baseUrl}${codePath}${digest}?Expires=${expires}&Signature=${signature(linkKey, digest, expires)}`
}

/** Whether a link was signed by this server and has not expired. */
export function isValidLink(
  { linkKey, nowMs }: CodeLinkKey,
  link: { readonly digest: string; readonly expires: string; readonly signature: string },
): boolean {
  const expected = Buffer.from(signature(linkKey, link.digest, link.expires))
  const given = Buffer.from(link.signature)
  const isSigned = given.length === expected.length && timingSafeEqual(given, expected)
  return isSigned && Number(link.expires) * 1000 > nowMs()
}

function signature(linkKey: Buffer, digest: string, expires: string): string {
  return createHmac('sha256', linkKey).update(`${digest}\n${expires}`).digest('hex')
}
