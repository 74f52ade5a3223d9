/** An event invoke config; absent members have AWS's defaults. */
export interface EventInvokeConfig {
  readonly maximumRetryAttempts?: number
  readonly maximumEventAgeSeconds?: number
  /** ARN of the destination for successful events, and for those that failed for good. */
  readonly onSuccess?: string
  readonly onFailure?: string
  /** Epoch milliseconds. */
  readonly lastModifiedMs: number
}

/** The CORS settings of a function URL; members as they were sent. */
export interface CorsConfig {
  readonly allowCredentials?: boolean
  readonly allowHeaders?: readonly string[]
  readonly allowMethods?: readonly string[]
  readonly allowOrigins?: readonly string[]
  readonly exposeHeaders?: readonly string[]
  readonly maxAgeSeconds?: number
}

export interface FunctionUrlConfig {
  /** 32 lower-case letters and digits, the first part of the host; never another config's. */
  readonly urlId: string
  readonly authType: 'NONE' | 'AWS_IAM'
  readonly cors?: CorsConfig
  readonly invokeMode: 'BUFFERED' | 'RESPONSE_STREAM'
  /** Epoch milliseconds. */
  readonly createdMs: number
  readonly lastModifiedMs: number
}

/** A statement as `PutResourcePolicy` took it, in the policy language. */
export interface WrittenStatement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: WrittenPrincipal
  readonly NotPrincipal?: WrittenPrincipal
  readonly Action?: string | readonly string[]
  readonly NotAction?: string | readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

export type WrittenPrincipal = '*' | Readonly<Record<string, string | readonly string[]>>

/** What a policy says beside its statements, where it was put as a whole. */
export interface PolicyHead {
  readonly version?: string
  readonly id?: string
}

/** One statement of a resource policy, as requested. */
export interface PolicyStatement {
  readonly id: string
  readonly action: string
  /** A service, an account, an IAM ARN, or `*`. */
  readonly principal: string
  readonly sourceArn?: string
  readonly sourceAccount?: string
  readonly urlAuthType?: string
  readonly organizationId?: string
  readonly eventSourceToken?: string
  readonly isViaUrl?: boolean
  /** Of a policy that was put as a whole: the statement, which holds in place of the members above but for the id. */
  readonly written?: WrittenStatement
}

/** The configured number of initialised environments. The allocator knows the current number. */
export interface ProvisionedConfig {
  readonly requested: number
  /** New with every put, so that an allocation for an older config is recognised. */
  readonly allocationId: string
  /** Epoch milliseconds. */
  readonly lastModifiedMs: number
}

export interface RuntimeManagement {
  readonly updateRuntimeOn: 'Auto' | 'FunctionUpdate' | 'Manual'
  readonly runtimeVersionArn?: string
}

/** Bounds of the environments of a version that runs on a capacity provider. */
export interface ScalingBounds {
  readonly minimumEnvironments?: number
  readonly maximumEnvironments?: number
  /** The previous bounds. */
  readonly before?: Omit<ScalingBounds, 'before'>
}

/** The kinds of settings that are attached to a function's `$LATEST`, a version or an alias. */
export interface Attachable {
  readonly eventInvoke: EventInvokeConfig
  /** Statements of the resource policy; that of the function itself is attached to `''`. */
  readonly policy: readonly PolicyStatement[]
  /** Absent if the policy was made by `AddPermission`. */
  readonly policyHead: PolicyHead
  readonly provisioned: ProvisionedConfig
  readonly runtimeManagement: RuntimeManagement
  readonly scaling: ScalingBounds
  readonly url: FunctionUrlConfig
}

/** The attached settings of a function, by kind and then by qualifier. */
export type AttachedSettings = {
  readonly [Kind in keyof Attachable]?: Readonly<Record<string, Attachable[Kind]>>
}
