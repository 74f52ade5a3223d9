import { createHash } from 'node:crypto'
import { imageErrors } from './function-errors.ts'
import type { FunctionCode } from './function.ts'

const segment = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const reference = new RegExp(
  `^(?<repository>(?:[a-zA-Z0-9.-]+(?::\\d+)?/)?${segment}(?:/${segment})*)` +
    '(?::(?<tag>\\w[\\w.-]{0,127}))?(?:@sha256:(?<digest>[0-9a-f]{64}))?$',
)

/**
 * A container image as a function's code. No registry is asked: without a digest in its name an image gets one made from
 * the name, so that the same name is the same code.
 */
export function imageCode(uri: string): FunctionCode {
  const parts = reference.exec(uri)?.groups
  if (parts === undefined) throw imageErrors.notValid(uri)
  const { repository = '', digest = createHash('sha256').update(uri).digest('hex') } = parts
  return { sha256: digest, sizeBytes: 0, image: { uri, resolvedUri: `${repository}@sha256:${digest}` } }
}
