/** The types of the control plane. AWS's spelling of them is in `routes/`. */
import type { AttachedSettings } from './attached-settings.ts'

/** The settings of a version, defaults filled in. They never change once the version is published. */
export interface FunctionSettings {
  readonly description: string
  readonly role: string
  readonly packageType: 'Zip' | 'Image'
  readonly runtime?: string
  readonly handler?: string
  readonly timeoutSeconds: number
  readonly memoryMb: number
  readonly ephemeralStorageMb: number
  readonly architectures: readonly string[]
  /** `{}` if a new function was created with an empty map; an update with one removes them. */
  readonly variables?: Readonly<Record<string, string>>
  /** In the order in which they are overlaid, the last on top. */
  readonly layers: readonly FunctionLayer[]
  readonly tracingMode: string
  readonly snapStartApplyOn: string
  readonly logging: LoggingSettings
  readonly deadLetterTargetArn?: string
  readonly kmsKeyArn?: string
  readonly vpc?: {
    readonly subnetIds: readonly string[]
    readonly securityGroupIds: readonly string[]
    readonly ipv6: boolean
  }
  readonly fileSystems: readonly FileSystem[]
  readonly imageConfig?: ImageConfig
  /** Set when the function is created; never changes. */
  readonly tenantIsolation?: string
  /** Set when the function is created, and never removed: the function runs on managed instances. */
  readonly capacityProvider?: CapacityUse
}

/** A file system that is mounted in environments on AWS. */
export interface FileSystem {
  readonly arn: string
  readonly localMountPath: string
  /** `ENABLED`, `DISABLED` or `AUTO`, as S3 file systems have it. */
  readonly directS3Read?: string
}

/** The capacity provider settings of a function; absent members have AWS's defaults. */
export interface CapacityUse {
  readonly arn: string
  readonly maximumConcurrency?: number
  readonly memoryGibPerVcpu?: number
}

/** The package of a layer version, stored under its hash. */
export interface LayerCode {
  /** Base64 of the SHA-256 of the layer's zip. */
  readonly sha256: string
  readonly sizeBytes: number
  readonly unzippedBytes: number
  readonly object?: ReferencedObject
}

/** The object in S3 that code with the storage mode `REFERENCE` is of. */
export interface ReferencedObject {
  readonly bucket: string
  readonly key: string
  readonly version: string
}

/** A layer version that a function uses, with everything needed to run it, since the version may be deleted. */
export interface FunctionLayer extends LayerCode {
  readonly arn: string
}

/** Overrides of a container image's start command. */
export interface ImageConfig {
  readonly entryPoint?: readonly string[]
  readonly command?: readonly string[]
  readonly workingDirectory?: string
}

export interface LoggingSettings {
  readonly format: 'Text' | 'JSON'
  readonly group: string
  readonly applicationLevel?: string
  readonly systemLevel?: string
}

/** The deployment package of a version, stored under its hash; or a container image, stored by its registry. */
export interface FunctionCode {
  /** Base64 of the SHA-256 of the zip, as AWS prints it; of an image the digest in hex. */
  readonly sha256: string
  /** Zipped; 0 of an image. */
  readonly sizeBytes: number
  readonly unzippedBytes?: number
  /** The image as named by the caller, and by its digest; its start command if the registry returned it. */
  readonly image?: { readonly uri: string; readonly resolvedUri: string; readonly config?: Required<ImageConfig> }
  readonly sourceKmsKeyArn?: string
  readonly object?: ReferencedObject
}

export type FunctionState = 'Pending' | 'Active' | 'ActiveNonInvocable' | 'Inactive' | 'Deactivated' | 'Failed'
export type UpdateStatus = 'Successful' | 'Failed' | 'InProgress'

/** `$LATEST` or a published version. */
export interface FunctionVersion {
  /** `$LATEST`, `$LATEST.PUBLISHED`, or a number as text. */
  readonly version: string
  readonly settings: FunctionSettings
  readonly code: FunctionCode
  readonly revisionId: string
  /** Epoch milliseconds. */
  readonly lastModifiedMs: number
  readonly state: FunctionState
  readonly stateReason?: string
  readonly stateReasonCode?: string
  readonly updateStatus?: UpdateStatus
  readonly updateReason?: string
  readonly updateReasonCode?: string
  /** New with every create, update and publish. Environments of another generation never serve this one. */
  readonly generation: string
  /** Of a published version: the description of `$LATEST` at its publication. */
  readonly sourceDescription?: string
  /** Of `$LATEST.PUBLISHED`: the version that runs until its replacement is active. */
  readonly serving?: FunctionVersion
}

export interface Alias {
  readonly name: string
  readonly functionVersion: string
  readonly description: string
  readonly revisionId: string
  /** Version to its share of invocations, 0 to 1; at most one entry. */
  readonly weights: Readonly<Record<string, number>>
}

/** One function with everything under its name. Saved atomically; published versions are documents of their own. */
export interface FunctionRecord {
  readonly name: string
  readonly latest: FunctionVersion
  /** The version that runs while an update of `$LATEST` is in progress. */
  readonly serving?: FunctionVersion
  /** The number of the next published version; numbers are never reused. */
  readonly nextVersion: number
  /** Published versions that exist: `$LATEST.PUBLISHED`, then numbers, oldest first. */
  readonly versions: readonly string[]
  /** Generations of the published versions that are not initialised yet, by version. */
  readonly activating?: Readonly<Record<string, string>>
  /** Names of capacity providers by the versions that run on them, `$LATEST` among them. */
  readonly capacity?: Readonly<Record<string, string>>
  readonly aliases: Readonly<Record<string, Alias>>
  readonly tags: Readonly<Record<string, string>>
  readonly reservedConcurrency?: number
  /** Absent if never set: recursive loops are then terminated. */
  readonly recursiveLoop?: 'Terminate' | 'Allow'
  readonly attached?: AttachedSettings
  /** Ids of function URLs whose alias was deleted, the newest last: calls of them are forbidden. */
  readonly closedUrls?: readonly string[]
  readonly codeSigningConfigArn?: string
}

export const latestVersion = '$LATEST'

/** The version that runs if a function on a capacity provider is invoked without a qualifier. */
export const latestPublished = '$LATEST.PUBLISHED'

/** Whether the text is a number of a version, or `$LATEST.PUBLISHED`. */
export function isPublishedVersion(text: string): boolean {
  return text === latestPublished || /^\d+$/.test(text)
}

/** Whether the function runs on a capacity provider. */
export function isManaged({ latest }: Pick<FunctionRecord, 'latest'>): boolean {
  return latest.settings.capacityProvider !== undefined
}
