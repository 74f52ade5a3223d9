import { ownMember } from '../../functions/function/own-member.ts'
import { attachedTo } from '../../functions/function/attachment.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { eventInvokeSettingsOf } from '../../functions/settings/event-invoke-config.ts'
import {
  isManaged,
  latestPublished,
  latestVersion,
  type FunctionRecord,
  type FunctionSettings,
} from '../../functions/function/function.ts'

/** The asynchronous invocation settings of a function's version or alias. */
export interface EventSettings {
  /** An event is discarded instead of being retried later than this after it was accepted. */
  readonly maxAgeMs: number
  /** How often an event is retried after a function error. */
  readonly maxRetries: number
  /** Whether the function's reserved concurrency is 0. */
  readonly isSwitchedOff: boolean
  /** ARNs of the destinations. */
  readonly onSuccess?: string
  readonly onFailure?: string
  readonly deadLetterTargetArn?: string
}

/** Reads the current settings for a qualifier; undefined when the function was deleted. */
export type SettingsOf = (functionName: string, qualifier?: string) => Promise<EventSettings | undefined>

/** Reads the settings from the catalogue. The dead-letter target belongs to the version, everything else to the function. */
export function createSettingsOf(catalogue: Pick<Catalogue, 'find' | 'findVersion'>): SettingsOf {
  return async (functionName, given) => {
    const record = (await catalogue.find(functionName))?.value
    if (record === undefined) return undefined
    const qualifier = given ?? (isManaged(record) ? latestPublished : latestVersion)
    const deadLetterTargetArn = (await versionSettings(catalogue, record, qualifier))?.deadLetterTargetArn
    const { maximumRetryAttempts, maximumEventAgeSeconds, onSuccess, onFailure } = eventInvokeSettingsOf(
      record,
      given ?? unqualified(record),
    )
    return {
      maxAgeMs: maximumEventAgeSeconds * 1000,
      maxRetries: maximumRetryAttempts,
      ...(onSuccess === undefined ? {} : { onSuccess }),
      ...(onFailure === undefined ? {} : { onFailure }),
      isSwitchedOff: record.reservedConcurrency === 0,
      ...(deadLetterTargetArn === undefined ? {} : { deadLetterTargetArn }),
    }
  }
}

/** On a capacity provider, the settings of the latest published version take precedence. */
function unqualified(record: FunctionRecord): string {
  const isOwn = isManaged(record) && attachedTo(record, 'eventInvoke', latestPublished) !== undefined
  return isOwn ? latestPublished : latestVersion
}

async function versionSettings(
  catalogue: Pick<Catalogue, 'findVersion'>,
  record: FunctionRecord,
  qualifier: string,
): Promise<FunctionSettings | undefined> {
  const alias = ownMember(record.aliases, qualifier)
  const number = alias?.functionVersion ?? qualifier
  if (number === latestVersion) return record.latest.settings
  return (await catalogue.findVersion(record.name, number))?.settings
}
