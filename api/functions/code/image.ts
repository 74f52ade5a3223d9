import { createHash } from 'node:crypto'
import { imageErrors } from '../function/errors.ts'
import type { FunctionCode, ImageConfig } from '../function/function.ts'
import type { ImageSource } from './image-source.ts'

const segment = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const reference = new RegExp(
  `^(?<repository>(?:[a-zA-Z0-9.-]+(?::\\d+)?/)?${segment}(?:/${segment})*)` +
    '(?::(?<tag>\\w[\\w.-]{0,127}))?(?:@sha256:(?<digest>[0-9a-f]{64}))?$',
)
/** A first segment that is a host and not a folder, by Docker's rule. */
const host = /^(?:[^/.:]*[.:][^/]*|localhost)(?=\/)/

/**
 * A container image as the code of a function, with the digest and the start command that its registry returns now. If the
 * registry does not return a digest, one is derived from the name, so that the same name is the same code.
 */
export async function imageCode(uri: string, architecture: string, images?: ImageSource): Promise<FunctionCode> {
  const parts = reference.exec(uri)?.groups
  if (parts === undefined) throw imageErrors.notValid(uri)
  const { repository = '', tag = 'latest', digest } = parts
  const read = await images?.read({
    ...{ uri, tag, architecture, ...placeOf(repository) },
    ...(digest === undefined ? {} : { digest }),
  })
  const sha256 = digest ?? read?.digest ?? createHash('sha256').update(uri).digest('hex')
  const image = { uri, resolvedUri: `${repository}@sha256:${sha256}`, ...(read && { config: read.config }) }
  return { sha256, sizeBytes: 0, image }
}

/**
 * The start command of an image's environments, and the image by its digest. The function's settings override those of the
 * image.
 */
export function imageToRun({ image }: FunctionCode, settings: ImageConfig | undefined) {
  if (image === undefined) return settings === undefined ? {} : { imageConfig: settings }
  const { uri, resolvedUri, config } = image
  if (config === undefined) return { imageUri: uri, ...(settings && { imageConfig: settings }) }
  return { imageUri: resolvedUri, imageConfig: { ...config, ...settings } }
}

function placeOf(repository: string): { readonly registry: string; readonly repository: string } {
  const registry = host.exec(repository)?.[0]
  if (registry !== undefined) return { registry, repository: repository.slice(registry.length + 1) }
  return { registry: 'docker.io', repository: repository.includes('/') ? repository : `library/${repository}` }
}
