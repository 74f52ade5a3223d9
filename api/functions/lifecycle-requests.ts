import type { CodeRequest } from './code/code-source.ts'
import type { SettingsChange } from './settings/change.ts'
import type { CreationSettings } from './settings/settings.ts'
import type { PublishTarget } from './versions/deployment.ts'

/** Requested settings, with the layers' ARNs only. */
export interface SettingsRequest extends Omit<SettingsChange, 'layers'> {
  readonly layerArns?: readonly string[] | undefined
}

export interface CreateRequest {
  readonly name: string
  readonly settings: SettingsRequest
  readonly creation: CreationSettings
  readonly codeSigningConfigArn?: string | undefined
  readonly code: CodeRequest
  readonly tags: Readonly<Record<string, string>>
  readonly publish?: PublishTarget | undefined
}

export interface CodeUpdate extends CodeRequest {
  readonly architectures?: readonly string[] | undefined
  readonly publish?: PublishTarget | undefined
  readonly dryRun: boolean
  readonly revisionId?: string | undefined
}

export interface SettingsUpdate {
  readonly settings: SettingsRequest
  readonly revisionId?: string | undefined
}
