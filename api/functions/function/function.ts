/** The control plane's nouns: what is kept of a function, in our words. AWS's spelling of them is in `routes/`. */
import type { AttachedSettings } from './attached-settings.ts'

/** What a caller configures, defaults filled in; one version's settings never change once published. */
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
  /** `{}` when an empty map was sent with a new function; an update with one removes them. */
  readonly variables?: Readonly<Record<string, string>>
  /** In the order in which they are laid over each other, the last on top. */
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
  readonly fileSystems: readonly { readonly arn: string; readonly localMountPath: string }[]
  readonly imageConfig?: ImageConfig
  /** Set when the function is created, and never changed. */
  readonly tenantIsolation?: string
  /** Set when the function is created, and never removed: it runs on managed instances. */
  readonly capacityProvider?: CapacityUse
}

/** How a function runs on a capacity provider, as its owner set it; absent members have AWS's defaults. */
export interface CapacityUse {
  readonly arn: string
  readonly maximumConcurrency?: number
  readonly memoryGibPerVcpu?: number
}

/** The package of a layer version, kept in the blob store under its hash. */
export interface LayerCode {
  /** Base64 of the SHA-256 of the layer's zip. */
  readonly sha256: string
  readonly sizeBytes: number
  readonly unzippedBytes: number
}

/** A layer version that a function uses, with all that running needs, since the version itself may be deleted. */
export interface FunctionLayer extends LayerCode {
  readonly arn: string
}

/** What replaces a container image's own start command. */
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

/** The deployment package of a version, kept in the blob store under its hash; or a container image, kept elsewhere. */
export interface FunctionCode {
  /** Base64 of the SHA-256 of the zip, as AWS prints it; of an image the digest in hex. */
  readonly sha256: string
  /** Zipped; 0 of an image. */
  readonly sizeBytes: number
  readonly unzippedBytes?: number
  /** The image as the caller named it, and by its digest; what it starts by itself, where its registry said so. */
  readonly image?: { readonly uri: string; readonly resolvedUri: string; readonly config?: Required<ImageConfig> }
  readonly sourceKmsKeyArn?: string
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
  /** New with every create, update and publish: environments made for another generation never serve this one. */
  readonly generation: string
  /** Of a published version: what `$LATEST`'s description was when it was published. */
  readonly sourceDescription?: string
  /** Of `$LATEST.PUBLISHED`: what runs under this name until the version that replaces it is active. */
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

/** One function with all that hangs on its name. Saved as a whole; published versions are documents of their own. */
export interface FunctionRecord {
  readonly name: string
  readonly latest: FunctionVersion
  /** What `$LATEST` runs while an update of it is in progress. */
  readonly serving?: FunctionVersion
  /** The number the next published version gets; numbers are never used twice. */
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
  /** Absent when never set: a loop is then terminated. */
  readonly recursiveLoop?: 'Terminate' | 'Allow'
  readonly attached?: AttachedSettings
  readonly codeSigningConfigArn?: string
}

export const latestVersion = '$LATEST'

/** What runs when a function on a capacity provider is invoked without a qualifier. */
export const latestPublished = '$LATEST.PUBLISHED'

/** Whether the text is a number of a version, or `$LATEST.PUBLISHED`. */
export function isPublishedVersion(text: string): boolean {
  return text === latestPublished || /^\d+$/.test(text)
}

/** Whether the function runs on a capacity provider. */
export function isManaged({ latest }: Pick<FunctionRecord, 'latest'>): boolean {
  return latest.settings.capacityProvider !== undefined
}
