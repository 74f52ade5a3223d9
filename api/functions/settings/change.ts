import type { CapacityUse, FunctionSettings, ImageConfig, LoggingSettings } from '../function/function.ts'

type Vpc = NonNullable<FunctionSettings['vpc']>

/** Settings in a request: absent members stay as they are; an empty text removes ARNs. */
export interface SettingsChange {
  readonly description?: string | undefined
  readonly role?: string | undefined
  readonly runtime?: string | undefined
  readonly handler?: string | undefined
  readonly timeoutSeconds?: number | undefined
  readonly memoryMb?: number | undefined
  readonly ephemeralStorageMb?: number | undefined
  readonly architectures?: readonly string[] | undefined
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly layers?: FunctionSettings['layers'] | undefined
  readonly tracingMode?: string | undefined
  readonly snapStartApplyOn?: string | undefined
  readonly logging?: { readonly [Key in keyof LoggingSettings]?: LoggingSettings[Key] | undefined } | undefined
  readonly deadLetterTargetArn?: string | undefined
  readonly kmsKeyArn?: string | undefined
  readonly vpc?: { readonly [Key in keyof Vpc]?: Vpc[Key] | undefined } | undefined
  readonly fileSystems?: FunctionSettings['fileSystems'] | undefined
  /** An empty one removes it. */
  readonly imageConfig?: ImageConfig | undefined
  readonly capacityProvider?: CapacityUse | undefined
}
