import { createHash } from 'node:crypto'
import type { EnvironmentSpec, InitializationType } from '../driver/driver.ts'
import { scalingOf } from '../../functions/capacity-providers/scaling.ts'
import type { FunctionRecord, FunctionVersion, LoggingSettings } from '../../functions/function/function.ts'
import { imageToRun } from '../../functions/code/image.ts'
import { provisionedSum, provisionedVersions } from '../../functions/concurrency/provisioned.ts'

/** The key of a version's environments. It changes with every generation, so that old code is never reused. */
export function environmentKey(functionName: string, { version, generation }: FunctionVersion): string {
  return `${functionName}:${version}:${generation}`
}

/** The spec of this version's environments. An environment of a tenant serves only that tenant. */
export function environmentSpec(record: FunctionRecord, version: FunctionVersion, tenantId?: string): EnvironmentSpec {
  const key = environmentKey(record.name, version)
  const { settings, code } = version
  const { layers, imageConfig } = settings
  return {
    key: tenantId === undefined ? key : `${key}:${hashOf(tenantId)}`,
    functionName: record.name,
    version: version.version,
    runtime: settings.runtime ?? '',
    handler: settings.handler ?? '',
    architecture: settings.architectures[0] ?? 'x86_64',
    memoryMb: settings.memoryMb,
    timeoutMs: settings.timeoutSeconds * 1000,
    ephemeralStorageMb: settings.ephemeralStorageMb,
    variables: settings.variables ?? {},
    codeSha256: code.sha256,
    logGroup: settings.logging.group,
    ...logLevelsOf(settings.logging),
    tags: record.tags,
    ...(layers.length === 0 ? {} : { layerSha256s: layers.map(({ sha256 }) => sha256) }),
    ...imageToRun(code, imageConfig),
    ...limitsOf(record, version),
  }
}

function logLevelsOf({ format, applicationLevel = 'INFO', systemLevel = 'INFO' }: LoggingSettings) {
  return format === 'Text' ? {} : { logLevels: { application: applicationLevel, system: systemLevel } }
}

/** Provisioned concurrency is taken from the reserved concurrency of the function. */
function limitsOf(record: FunctionRecord, { version, settings }: FunctionVersion) {
  if (settings.capacityProvider !== undefined) return managedLimits(record, version)
  const { reservedConcurrency: reserved } = record
  if (record.attached?.provisioned === undefined) return reserved === undefined ? {} : { reserved }
  const provisioned = provisionedVersions(record).get(version)
  return {
    ...(reserved === undefined ? {} : { reserved: reserved - provisionedSum(record) }),
    ...(provisioned === undefined ? {} : { provisioned }),
  }
}

/** All environments on a capacity provider see its initialisation type, even those launched on demand. */
function managedLimits(record: FunctionRecord, version: string) {
  const { maximum } = scalingOf(record, version)
  const type: InitializationType = 'lambda-managed-instances'
  return { managed: maximum === undefined ? {} : { maximum }, isProvisioned: true, initializationType: type }
}

/** Tenant ids are arbitrary text, and keys become resource names. */
function hashOf(tenantId: string): string {
  return createHash('sha256').update(tenantId).digest('hex').slice(0, 32)
}
