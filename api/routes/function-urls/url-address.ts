/** Where the server serves function URLs under its own address, whatever its name. */
const pathForm = /^\/_kubelambda\/url\/([a-z0-9]+)(?=[/?]|$)/
const hostForm = /^([a-z0-9]+)\.lambda-url\./

export interface UrlAddressSettings {
  readonly region: string
  /** What function URLs end in, such as `localhost:9000` or `https://example.org`; absent where they are paths. */
  readonly urlHost?: string | undefined
}

/**
 * The address of a function URL. Every client that reaches the server reaches a path on the server's own address; a name of its
 * own, as on AWS, needs a DNS entry and is answered where its host is configured.
 */
export function functionUrlAt(urlId: string, { region, urlHost }: UrlAddressSettings, baseUrl: string): string {
  if (urlHost === undefined) return `${baseUrl}/_kubelambda/url/${urlId}/`
  const { protocol, host } = new URL(urlHost.includes('://') ? urlHost : `${schemeOf(baseUrl)}//${urlHost}`)
  return `${protocol}//${urlId}.lambda-url.${region}.${host}/`
}

function schemeOf(baseUrl: string): string {
  return baseUrl.startsWith('https:') ? 'https:' : 'http:'
}

/** A request to a function URL, as its host or the start of its path says. */
export interface AddressedUrl {
  readonly urlId: string
  /** Path and query as the function sees them, percent-encoded as sent. */
  readonly url: string
  /** The URL shares its origin with the API and with all other functions. */
  readonly isPath: boolean
}

/** The function URL that a request is for; undefined when it is for none. */
export function addressedUrl(host: string | undefined, url: string): AddressedUrl | undefined {
  const ofHost = hostForm.exec(host ?? '')?.[1]
  if (ofHost !== undefined) return { urlId: ofHost, url: withOneSlash(url), isPath: false }
  const [prefix, urlId] = pathForm.exec(url) ?? []
  if (prefix === undefined || urlId === undefined) return undefined
  const rest = url.slice(prefix.length)
  return { urlId, url: withOneSlash(rest.startsWith('/') ? rest : `/${rest}`), isPath: true }
}

/** The slash that ends a function URL and the one that begins a path behind it are one. */
function withOneSlash(url: string): string {
  return url.startsWith('//') ? url.slice(1) : url
}
