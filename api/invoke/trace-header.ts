import { randomUUID } from 'node:crypto'

/** The trace header of an invocation: the caller's own when it has a root, else a new one that is not sampled. */
export function traceHeader(given: string | undefined, nowMs: number): string {
  if (given !== undefined && /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}/i.test(given)) return given
  const digits = randomUUID().replaceAll('-', '') + randomUUID().slice(0, 8)
  const seconds = Math.floor(nowMs / 1000).toString(16)
  return `Root=1-${seconds}-${digits.slice(0, 24)};Parent=${digits.slice(24, 40)};Sampled=0`
}

/** The form in responses: `root=…;sampled=…`, without the parent. */
export function answeredTrace(header: string): string {
  const root = /Root=([^;]+)/i.exec(header)?.[1] ?? ''
  const sampled = /Sampled=([01])/i.exec(header)?.[1] ?? '0'
  return `root=${root};sampled=${sampled}`
}
