import { createHash } from 'node:crypto'
import type { EnvironmentSpec, InitializationType } from '../driver/driver.ts'
import { scalingOf } from '../../functions/capacity-providers/scaling.ts'
import type { FunctionRecord, FunctionVersion, LoggingSettings } from '../../functions/function/function.ts'
import { imageToRun } from '../../functions/code/image.ts'
import { provisionedSum, provisionedVersions } from '../../functions/concurrency/provisioned.ts'

/** What a version's environments are found by; new with every generation, so that old code is never reused. */
export function environmentKey(functionName: string, { version, generation }: FunctionVersion): string {
  return `${functionName}:${version}:${generation}`
}

/** What an environment of this version must be; a tenant's is that tenant's alone. */
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

/** What is provisioned is taken out of what the function reserves, for the versions that it was provisioned for. */
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

/** All environments on a capacity provider are told that they are, also those started for an event that waits. */
function managedLimits(record: FunctionRecord, version: string) {
  const { maximum } = scalingOf(record, version)
  const type: InitializationType = 'lambda-managed-instances'
  return { managed: maximum === undefined ? {} : { maximum }, isProvisioned: true, initializationType: type }
}

/** Tenants are named as callers like, and keys become names elsewhere. */
function hashOf(tenantId: string): string {
  return createHash('sha256').update(tenantId).digest('hex').slice(0, 32)
}
