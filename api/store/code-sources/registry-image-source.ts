import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { ImageReference, ImageSource, ReadImage } from '../../functions/code/image-source.ts'
import { RegistrySession } from './registry-session.ts'

export interface RegistryImageSourceOptions {
  /** Registries that are reached over plain HTTP, besides those of this machine. */
  readonly plainRegistries: readonly string[]
  /** A `config.json` in Docker's format with credentials per registry, as pull secrets contain it. Read again for each image. */
  readonly credentialsFile?: string | undefined
  readonly log: { warn(line: string): void }
}

interface Descriptor {
  readonly digest?: string
  readonly platform?: { readonly os?: string; readonly architecture?: string }
}

interface Manifest {
  /** In an index: one image per platform. */
  readonly manifests?: readonly Descriptor[]
  readonly config?: Descriptor
}

interface ImageFile {
  readonly config?: {
    readonly Entrypoint?: readonly string[] | null
    readonly Cmd?: readonly string[] | null
    readonly WorkingDir?: string
  }
}

/** The deadline of all requests for one image. */
const deadlineMs = 8_000
const manifestTypes = [
  ...['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'],
  ...['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'],
]

/** Resolves images in their registries, anonymously or with the credentials of a file. */
export function createRegistryImageSource(options: RegistryImageSourceOptions): ImageSource {
  return {
    async read(reference) {
      try {
        return await readImage(reference, options)
      } catch (cause) {
        options.log.warn(
          `The registry of image ${reference.uri} does not say what it starts, so that its function needs ImageConfig.Command: ` +
            `${reasonOf(cause)}. See KUBELAMBDA_REGISTRY_CREDENTIALS and KUBELAMBDA_PLAIN_REGISTRIES.`,
        )
        return undefined
      }
    },
  }
}

/**
 * 1. manifest   by tag or digest; from an index, the manifest of the platform
 * 2. config     the configuration file that the manifest names
 */
async function readImage(reference: ImageReference, options: RegistryImageSourceOptions): Promise<ReadImage> {
  const { registry, repository, tag, digest } = reference
  const session = new RegistrySession({
    registry,
    repository,
    isPlain: options.plainRegistries.includes(registry),
    credentials: await credentialsOf(registry, options.credentialsFile),
    signal: AbortSignal.timeout(deadlineMs),
  })
  const manifestOf = async (name: string): Promise<{ digest: string; manifest: Manifest }> => {
    const body = await session.get(`manifests/${name}`, manifestTypes)
    return { digest: hashOf(body, name), manifest: JSON.parse(body.toString()) as Manifest }
  }
  const asked = await manifestOf(digest === undefined ? tag : `sha256:${digest}`)
  const own = asked.manifest.manifests === undefined ? asked : await manifestOf(ofPlatform(asked.manifest, reference))
  const configDigest = own.manifest.config?.digest
  if (configDigest === undefined) throw new Error('its manifest names no configuration')
  const file = await session.get(`blobs/${configDigest}`)
  hashOf(file, configDigest)
  return { digest: own.digest, config: startOf(JSON.parse(file.toString()) as ImageFile) }
}

function ofPlatform({ manifests = [] }: Manifest, { architecture }: ImageReference): string {
  const wanted = architecture === 'arm64' ? 'arm64' : 'amd64'
  const found = manifests.find(({ platform }) => platform?.os === 'linux' && platform.architecture === wanted)
  if (found?.digest === undefined) throw new Error(`it has no image for linux/${wanted}`)
  return found.digest
}

function startOf({ config }: ImageFile): ReadImage['config'] {
  return {
    entryPoint: config?.Entrypoint ?? [],
    command: config?.Cmd ?? [],
    workingDirectory: config?.WorkingDir || '/',
  }
}

/** The digest of the received bytes, in hex. Verifies it when the request was by digest. */
function hashOf(body: Buffer, asked: string): string {
  const hash = createHash('sha256').update(body).digest('hex')
  if (asked.startsWith('sha256:') && asked !== `sha256:${hash}`) throw new Error(`what it sends is not ${asked}`)
  return hash
}

async function credentialsOf(registry: string, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  const { auths = {} } = JSON.parse(await readFile(file, 'utf8')) as { auths?: Record<string, { auth?: string }> }
  const names =
    registry === 'docker.io' ? ['docker.io', 'https://index.docker.io/v1/'] : [registry, `https://${registry}`]
  return names
    .map((name) => (Object.hasOwn(auths, name) ? auths[name]?.auth : undefined))
    .find((auth) => auth !== undefined)
}

/** `fetch` puts the actual error into the cause. */
function reasonOf(fault: unknown): string {
  const { message, cause } = fault as { message?: string; cause?: { message?: string } }
  return cause?.message ?? message ?? String(fault)
}
