import { invalidParameterValue } from '../../errors.ts'
import type { PublishTarget } from '../../functions/versions/deployment.ts'
import type { CapacityUse, LoggingSettings } from '../../functions/function/function.ts'
import type { SettingsRequest } from '../../functions/lifecycle-requests.ts'

/** Settings in CreateFunction and UpdateFunctionConfiguration, validated against the model. */
export interface SettingsMembers {
  readonly Description?: string
  readonly Role?: string
  readonly Runtime?: string
  readonly Handler?: string
  readonly Timeout?: number
  readonly MemorySize?: number
  readonly EphemeralStorage?: { readonly Size: number }
  readonly Architectures?: readonly string[]
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> }
  readonly Layers?: readonly string[]
  readonly TracingConfig?: { readonly Mode?: string }
  readonly SnapStart?: { readonly ApplyOn?: string }
  readonly LoggingConfig?: {
    readonly LogFormat?: LoggingSettings['format']
    readonly ApplicationLogLevel?: string
    readonly SystemLogLevel?: string
    readonly LogGroup?: string
  }
  readonly DeadLetterConfig?: { readonly TargetArn?: string }
  readonly KMSKeyArn?: string
  readonly VpcConfig?: {
    readonly SubnetIds?: readonly string[]
    readonly SecurityGroupIds?: readonly string[]
    readonly Ipv6AllowedForDualStack?: boolean
  }
  readonly FileSystemConfigs?: readonly {
    readonly Arn: string
    readonly LocalMountPath: string
    readonly S3FilesConfig?: { readonly DirectS3Read?: string }
  }[]
  readonly ImageConfig?: {
    readonly EntryPoint?: readonly string[]
    readonly Command?: readonly string[]
    readonly WorkingDirectory?: string
  }
  readonly CapacityProviderConfig?: {
    readonly LambdaManagedInstancesCapacityProviderConfig: {
      readonly CapacityProviderArn: string
      readonly PerExecutionEnvironmentMaxConcurrency?: number
      readonly ExecutionEnvironmentMemoryGiBPerVCpu?: number
    }
  }
}

/** Members that request the publication of a version. */
export interface PublishMembers {
  readonly Publish?: boolean
  readonly PublishTo?: 'LATEST_PUBLISHED'
}

const notBuilt = new Set(['DurableConfig'])

/** Refuses members that would have no effect. */
export function refuseUnbuilt(members: object): void {
  const given = Object.entries(members).find(([name, value]) => notBuilt.has(name) && isGiven(value))
  if (given !== undefined) throw invalidParameterValue(`${given[0]} is not supported by this server yet.`)
}

/** The settings in a request. */
export function settingsInput(members: SettingsMembers): SettingsRequest {
  const { LoggingConfig: logging, VpcConfig: vpc } = members
  return {
    description: members.Description,
    role: members.Role,
    runtime: members.Runtime,
    handler: members.Handler,
    timeoutSeconds: members.Timeout,
    memoryMb: members.MemorySize,
    ephemeralStorageMb: members.EphemeralStorage?.Size,
    architectures: members.Architectures,
    variables: members.Environment?.Variables,
    layerArns: members.Layers,
    tracingMode: members.TracingConfig?.Mode,
    snapStartApplyOn: members.SnapStart?.ApplyOn,
    logging: logging && {
      format: logging.LogFormat,
      applicationLevel: logging.ApplicationLogLevel,
      systemLevel: logging.SystemLogLevel,
      group: logging.LogGroup,
    },
    deadLetterTargetArn: members.DeadLetterConfig?.TargetArn,
    kmsKeyArn: members.KMSKeyArn,
    vpc: vpc && {
      subnetIds: vpc.SubnetIds,
      securityGroupIds: vpc.SecurityGroupIds,
      ipv6: vpc.Ipv6AllowedForDualStack,
    },
    fileSystems: members.FileSystemConfigs?.map(({ Arn, LocalMountPath, S3FilesConfig: s3Files }) => ({
      arn: Arn,
      localMountPath: LocalMountPath,
      ...(s3Files?.DirectS3Read !== undefined && { directS3Read: s3Files.DirectS3Read }),
    })),
    imageConfig: members.ImageConfig && imageConfigInput(members.ImageConfig),
    capacityProvider: members.CapacityProviderConfig && capacityInput(members.CapacityProviderConfig),
  }
}

/** Where a deployment is published to; undefined without `Publish`. */
export function publishTarget({
  Publish: isAsked = false,
  PublishTo: target,
}: PublishMembers): PublishTarget | undefined {
  if (!isAsked) return undefined
  return target === 'LATEST_PUBLISHED' ? 'latest-published' : 'next'
}

function capacityInput({
  LambdaManagedInstancesCapacityProviderConfig: asked,
}: NonNullable<SettingsMembers['CapacityProviderConfig']>): CapacityUse {
  const { PerExecutionEnvironmentMaxConcurrency: concurrency, ExecutionEnvironmentMemoryGiBPerVCpu: memory } = asked
  return {
    arn: asked.CapacityProviderArn,
    ...(concurrency === undefined ? {} : { maximumConcurrency: concurrency }),
    ...(memory === undefined ? {} : { memoryGibPerVcpu: memory }),
  }
}

function imageConfigInput({ EntryPoint, Command, WorkingDirectory }: NonNullable<SettingsMembers['ImageConfig']>) {
  return {
    ...(EntryPoint && EntryPoint.length > 0 && { entryPoint: EntryPoint }),
    ...(Command && Command.length > 0 && { command: Command }),
    ...(WorkingDirectory && { workingDirectory: WorkingDirectory }),
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0)
}
