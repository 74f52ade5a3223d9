import { isIP } from 'node:net'

const urlHost = /^([a-z0-9]+)\.lambda-url\./

/**
 * The address of a function URL as the caller can reach it: the server's own name with `<id>.lambda-url.<region>.` in front.
 * An address without a name, such as `127.0.0.1`, becomes `localhost`, whose names below it lead to the machine itself.
 */
export function functionUrlAt(urlId: string, region: string, baseUrl: string): string {
  const { protocol, hostname, port } = new URL(URL.canParse(baseUrl) ? baseUrl : 'http://localhost')
  const name = isIP(hostname.replaceAll(/[[\]]/g, '')) === 0 ? hostname : 'localhost'
  return `${protocol}//${urlId}.lambda-url.${region}.${name}${port === '' ? '' : `:${port}`}/`
}

/** The id of the function URL that a host stands for; undefined when it is another host. */
export function urlIdOf(host: string | undefined): string | undefined {
  return urlHost.exec(host ?? '')?.[1]
}
