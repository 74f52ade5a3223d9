export interface RegistrySessionOptions {
  readonly registry: string
  readonly repository: string
  readonly isPlain: boolean
  /** Base64 of `user:password`. */
  readonly credentials: string | undefined
  readonly signal: AbortSignal
}

/** Manifests and configurations are a few kilobytes. */
const maxBytes = 4 * 1024 * 1024
const loopback = /^(localhost|127\.\d+\.\d+\.\d+)(:\d+)?$/

/** Reads from one repository of a registry (API version 2), and requests the bearer token that the registry demands. */
export class RegistrySession {
  readonly #options: RegistrySessionOptions
  #authorization: string | undefined

  constructor(options: RegistrySessionOptions) {
    this.#options = options
  }

  /** Reads a manifest or a blob as a whole. */
  async get(path: string, accept: readonly string[] = []): Promise<Buffer> {
    const url = `${this.#origin()}/v2/${this.#options.repository}/${path}`
    const headers = accept.length === 0 ? {} : { accept: accept.join(', ') }
    let response = await this.#fetch(url, headers)
    if (response.status === 401) {
      await this.#authorize(response.headers.get('www-authenticate') ?? '')
      response = await this.#fetch(url, headers)
    }
    if (!response.ok) throw new Error(`${this.#options.registry} answers ${String(response.status)}`)
    return readWhole(response)
  }

  #origin(): string {
    const { registry, isPlain } = this.#options
    if (registry === 'docker.io') return 'https://registry-1.docker.io'
    return `${isPlain || loopback.test(registry) ? 'http' : 'https'}://${registry}`
  }

  #fetch(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const authorization = this.#authorization === undefined ? {} : { authorization: this.#authorization }
    return fetch(url, { headers: { ...headers, ...authorization }, signal: this.#options.signal })
  }

  async #authorize(challenge: string): Promise<void> {
    const { credentials, repository, signal } = this.#options
    const basic = credentials === undefined ? undefined : `Basic ${credentials}`
    if (/^basic\b/i.test(challenge)) {
      this.#authorization = basic
      return
    }
    const said = new Map(
      Array.from(challenge.matchAll(/\b(\w+)="([^"]*)"/g), ([, key = '', value = '']) => [key, value]),
    )
    const [realm, service] = [said.get('realm'), said.get('service')]
    if (realm === undefined)
      throw new Error(`${this.#options.registry} asks for credentials in a way that is unknown here`)
    const url = new URL(realm)
    url.searchParams.set('scope', said.get('scope') ?? `repository:${repository}:pull`)
    if (service !== undefined) url.searchParams.set('service', service)
    const response = await fetch(url, { headers: basic === undefined ? {} : { authorization: basic }, signal })
    if (!response.ok) throw new Error(`${url.host} gives no token: ${String(response.status)}`)
    const { token, access_token } = (await response.json()) as { token?: string; access_token?: string }
    this.#authorization = `Bearer ${token ?? access_token ?? ''}`
  }
}

async function readWhole(response: Response): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body ?? []) {
    const part = piece as Uint8Array
    bytes += part.length
    if (bytes > maxBytes) throw new Error('what it sends is too large')
    pieces.push(part)
  }
  return Buffer.concat(pieces)
}
