import { createHash } from 'node:crypto'
import { functionArn, type Home } from '../../functions/function/arn.ts'
import { latestVersion, type CapacityUse, type FunctionSettings } from '../../functions/function/function.ts'
import type { FunctionVersion, ImageConfig } from '../../functions/function/function.ts'
import { wholeCapacityUse } from '../../functions/capacity-providers/managed-instances.ts'
import { runtimeVersionArn } from '../../functions/settings/runtime.ts'
import { dateText } from '../http/date-text.ts'
import type { Output } from '../http/handler.ts'

/** AWS's `FunctionConfiguration` of a version; its ARN carries the qualifier given here (reference 2.2). */
export function functionConfiguration(home: Home, name: string, version: FunctionVersion, qualifier?: string): Output {
  const { settings, state, stateReason, stateReasonCode, updateStatus, updateReason, updateReasonCode } = version
  return {
    ...listedConfiguration(home, name, version, qualifier),
    State: state,
    StateReason: stateReason,
    StateReasonCode: stateReasonCode,
    LastUpdateStatus: updateStatus,
    LastUpdateStatusReason: updateReason,
    LastUpdateStatusReasonCode: updateReasonCode,
    RuntimeVersionConfig:
      settings.runtime === undefined
        ? undefined
        : { RuntimeVersionArn: runtimeVersionArn(home.region, settings.runtime) },
  }
}

/** The same as items of lists have it: without states and runtime version. */
export function listedConfiguration(home: Home, name: string, version: FunctionVersion, qualifier?: string): Output {
  return {
    FunctionName: name,
    FunctionArn: functionArn(home, name, qualifier),
    ...settingsOutput(version.settings),
    CodeSize: version.code.sizeBytes,
    CodeSha256: version.code.sha256,
    LastModified: dateText(version.lastModifiedMs),
    Version: version.version,
    RevisionId: version.revisionId,
    SnapStart: snapStart(version),
  }
}

function settingsOutput(settings: FunctionSettings): Output {
  const { layers, fileSystems, vpc, variables, deadLetterTargetArn, imageConfig } = settings
  const { tenantIsolation, capacityProvider } = settings
  return {
    Runtime: settings.runtime,
    Role: settings.role,
    Handler: settings.handler,
    Description: settings.description,
    Timeout: settings.timeoutSeconds,
    MemorySize: settings.memoryMb,
    VpcConfig: vpc === undefined ? undefined : vpcOutput(vpc),
    DeadLetterConfig: deadLetterTargetArn === undefined ? undefined : { TargetArn: deadLetterTargetArn },
    Environment: variables === undefined ? undefined : { Variables: variables },
    KMSKeyArn: settings.kmsKeyArn,
    TracingConfig: { Mode: settings.tracingMode },
    Layers: layers.length === 0 ? undefined : layers.map(({ arn, sizeBytes }) => ({ Arn: arn, CodeSize: sizeBytes })),
    FileSystemConfigs:
      fileSystems.length === 0
        ? undefined
        : fileSystems.map(({ arn, localMountPath, directS3Read }) => ({
            Arn: arn,
            LocalMountPath: localMountPath,
            S3FilesConfig: directS3Read && { DirectS3Read: directS3Read },
          })),
    PackageType: settings.packageType,
    Architectures: settings.architectures,
    EphemeralStorage: { Size: settings.ephemeralStorageMb },
    LoggingConfig: loggingOutput(settings),
    ImageConfigResponse: imageConfig && { ImageConfig: imageConfigOutput(imageConfig) },
    TenancyConfig: tenantIsolation && { TenantIsolationMode: tenantIsolation },
    CapacityProviderConfig: capacityProvider && capacityOutput(settings, capacityProvider),
  }
}

function capacityOutput(settings: FunctionSettings, capacity: CapacityUse): Output {
  const { arn, maximumConcurrency, memoryGibPerVcpu } = wholeCapacityUse(settings, capacity)
  return {
    LambdaManagedInstancesCapacityProviderConfig: {
      CapacityProviderArn: arn,
      PerExecutionEnvironmentMaxConcurrency: maximumConcurrency,
      ExecutionEnvironmentMemoryGiBPerVCpu: memoryGibPerVcpu,
    },
  }
}

function imageConfigOutput({ entryPoint, command, workingDirectory }: ImageConfig): Output {
  return { EntryPoint: entryPoint, Command: command, WorkingDirectory: workingDirectory }
}

function loggingOutput({ logging }: FunctionSettings): Output {
  return {
    LogFormat: logging.format,
    ApplicationLogLevel: logging.applicationLevel,
    SystemLogLevel: logging.systemLevel,
    LogGroup: logging.group,
  }
}

/** There is no network: the VPC's id is derived from its subnets, so that it is stable. */
function vpcOutput({ subnetIds, securityGroupIds, ipv6 }: NonNullable<FunctionSettings['vpc']>): Output {
  const digest = createHash('sha256').update(subnetIds.toSorted().join()).digest('hex')
  return {
    SubnetIds: subnetIds,
    SecurityGroupIds: securityGroupIds,
    VpcId: subnetIds.length === 0 ? '' : `vpc-${digest.slice(0, 17)}`,
    Ipv6AllowedForDualStack: ipv6,
  }
}

/** A version is optimised once it is active (reference 2.5). */
function snapStart({ version, state, settings: { snapStartApplyOn } }: FunctionVersion): Output {
  const isOn = snapStartApplyOn === 'PublishedVersions' && version !== latestVersion && state === 'Active'
  return { ApplyOn: snapStartApplyOn, OptimizationStatus: isOn ? 'On' : 'Off' }
}
