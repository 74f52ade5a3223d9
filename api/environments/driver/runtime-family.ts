import { runtimeVersionArn } from '../../functions/settings/runtime.ts'
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

/** `python:3.12` and its ARN, as INIT_START prints them; the ARN is that of the function's configuration. */
export function runtimeVersionOf(runtime: FoundRuntime, region: string): { version: string; arn: string } {
  const version = `${runtime.family}:${runtime.version}`
  return { version, arn: runtimeVersionArn(region, runtime.identifier) }
}
