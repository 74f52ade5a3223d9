import { createHash } from 'node:crypto'
import type { EnvironmentSpec } from '../../api/environments/driver/driver.ts'

/** Labels and annotations by which environments are found. */
export const labels = {
  managedBy: 'app.kubernetes.io/managed-by',
  component: 'app.kubernetes.io/component',
  shape: 'kubelambda.dev/shape',
  server: 'kubelambda.dev/server',
  function: 'kubelambda.dev/function',
  version: 'kubelambda.dev/version',
} as const

export const annotations = {
  function: 'kubelambda.dev/function-name',
  version: 'kubelambda.dev/function-version',
  key: 'kubelambda.dev/key',
  provisioned: 'kubelambda.dev/provisioned',
  shape: 'kubelambda.dev/shape-details',
} as const

export const managedBy = 'kubelambda'
/** Selects the pods of all environments. */
export const environmentSelector = `${labels.managedBy}=${managedBy},${labels.component}=environment`

/** The text if it is a valid label value, else its valid part, made unique by a hash. */
export function labelValue(text: string): string {
  if (/^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/.test(text)) return text
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8)
  return `x${text.replaceAll(/[^a-zA-Z0-9._-]/g, '-').slice(0, 50)}-${hash}`
}

/** The labels and annotations that name an environment's function. */
export function assignedMetadata({ functionName, version, key, isProvisioned }: EnvironmentSpec) {
  return {
    labels: {
      [labels.function]: labelValue(functionName),
      [labels.version]: version === '$LATEST' ? 'LATEST' : labelValue(version),
    },
    annotations: {
      [annotations.function]: functionName,
      [annotations.version]: version,
      [annotations.key]: key,
      ...(isProvisioned === true ? { [annotations.provisioned]: 'true' } : {}),
    },
  }
}
