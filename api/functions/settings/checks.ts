import { invalidParameterValue, validation } from '../../errors.ts'
import { checkVariables } from './environment-variables.ts'
import { imageErrors } from '../function/errors.ts'
import type { FunctionSettings } from '../function/function.ts'
import { checkRuntime } from './runtime.ts'
import type { SettingsChange } from './change.ts'

/** Errors of logging and network settings; AWS's texts, as reported by its users. */
const settingsErrors = {
  levelOfText: () =>
    invalidParameterValue(
      'LogLevel is not supported when LogFormat is set to "Text". ' +
        'Remove LogLevel from your request or change the LogFormat to "Json" and try again.',
    ),
  halfVpc: () => invalidParameterValue('SubnetIds and SecurityIds must coexist or be both empty list.'),
  ipv6WithoutVpc: () =>
    invalidParameterValue(
      'Ipv6AllowedForDualStack cannot be true without subnet or security groups. ' +
        'Please remove Ipv6AllowedForDualStack value from your request and try again.',
    ),
  fileSystemWithoutVpc: (arn: string) =>
    invalidParameterValue(`Function must be configured to execute in a VPC to reference access point ${arn}.`),
  vpcOfFileSystem: (arn: string) =>
    invalidParameterValue(`Function VPC configuration cannot be removed with access point ${arn} referenced.`),
}

/** Limits stricter than the service model's, as functions meet them on AWS (reference 11). */
const ordinaryLimits = { timeoutSeconds: 900, memoryMb: 10_240, ephemeralStorageMb: 10_240 }
const managedLimits = { timeoutSeconds: 5_400, memoryMb: 32_768, ephemeralStorageMb: 32_768 }

/** Refuses values that are invalid for a function, whatever its other settings are. */
export function checkChange(current: FunctionSettings, change: SettingsChange): void {
  checkLimits(change, current.capacityProvider === undefined ? ordinaryLimits : managedLimits)
  if (change.runtime !== undefined) checkRuntime(change.runtime)
  if (change.variables !== undefined) checkVariables(change.variables)
  checkPackageType(current.packageType, change)
}

/** Refuses a change that is inconsistent in itself, or with the settings that stay. */
export function checkTogether(change: SettingsChange, next: FunctionSettings): void {
  const { applicationLevel, systemLevel } = change.logging ?? {}
  if (next.logging.format === 'Text' && (applicationLevel ?? systemLevel) !== undefined)
    throw settingsErrors.levelOfText()
  if (change.vpc !== undefined || change.fileSystems !== undefined) checkNetwork(change, next)
}

function checkLimits(change: SettingsChange, most: typeof ordinaryLimits): void {
  const { timeoutSeconds = 1, memoryMb = 128, ephemeralStorageMb = 512 } = change
  const violations: string[] = []
  const atMost = (path: string, value: number, most: number) => {
    if (value <= most) return
    const constraint = `Member must have value less than or equal to ${most}`
    violations.push(`Value '${value}' at '${path}' failed to satisfy constraint: ${constraint}`)
  }
  atMost('timeout', timeoutSeconds, most.timeoutSeconds)
  atMost('memorySize', memoryMb, most.memoryMb)
  atMost('ephemeralStorage.size', ephemeralStorageMb, most.ephemeralStorageMb)
  if (violations.length > 0) throw validation(violations)
}

/** Refuses settings that only functions of the other package type have. */
function checkPackageType(packageType: FunctionSettings['packageType'], change: SettingsChange): void {
  const { runtime, handler, layers = [], imageConfig = {} } = change
  if (packageType === 'Zip' && Object.keys(imageConfig).length > 0) throw imageErrors.configForZip()
  if (packageType === 'Zip') return
  if (runtime !== undefined || handler !== undefined) throw imageErrors.zipSettings()
  if (layers.length > 0) throw imageErrors.layers()
}

/** A VPC requires subnets and security groups, and file systems require a VPC. */
function checkNetwork(change: SettingsChange, { vpc, fileSystems }: FunctionSettings): void {
  const { subnetIds = [], securityGroupIds = [], ipv6 = false } = vpc ?? {}
  if ((subnetIds.length === 0) !== (securityGroupIds.length === 0)) throw settingsErrors.halfVpc()
  if (ipv6 && subnetIds.length === 0) throw settingsErrors.ipv6WithoutVpc()
  const [fileSystem] = fileSystems
  if (fileSystem === undefined || subnetIds.length > 0) return
  const isNew = change.fileSystems !== undefined
  throw isNew ? settingsErrors.fileSystemWithoutVpc(fileSystem.arn) : settingsErrors.vpcOfFileSystem(fileSystem.arn)
}
