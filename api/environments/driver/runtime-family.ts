import { createHash } from 'node:crypto'
import type { FoundRuntime } from './found-runtime.ts'

const identifiers = [
  ['nodejs', /^nodejs(\d+)\.x$/],
  ['python', /^python(3\.\d+)$/],
  ['ruby', /^ruby(\d\.\d)$/],
  ['provided', /^provided(?:\.(al2|al2023))?$/],
] as const

/** Parses a runtime identifier; undefined for runtimes that cannot run. */
export function runtimeFamily(identifier: string): FoundRuntime | undefined {
  for (const [family, pattern] of identifiers) {
    const match = pattern.exec(identifier)
    if (match) return { identifier, family, version: match[1] ?? 'al1' }
  }
  return undefined
}

/** `python:3.12` and its ARN, as INIT_START prints them. */
export function runtimeVersionOf(runtime: FoundRuntime, region: string): { version: string; arn: string } {
  const version = `${runtime.family}:${runtime.version}`
  const hash = createHash('sha256')
    .update(`${version} ${runtime.interpreterVersion ?? ''}`)
    .digest('hex')
  return { version, arn: `arn:aws:lambda:${region}::runtime:${hash}` }
}
