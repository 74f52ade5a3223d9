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

/** What is configured for the events of a function's version or alias. */
export interface EventSettings {
  /** An event that would be tried again later than this after it was accepted is given up. */
  readonly maxAgeMs: number
  /** How often an event is run again whose function failed. */
  readonly maxRetries: number
  /** Whether the function's reserved concurrency is 0. */
  readonly isSwitchedOff: boolean
  /** ARNs of who is told. */
  readonly onSuccess?: string
  readonly onFailure?: string
  readonly deadLetterTargetArn?: string
}

/** The settings that hold now for a function's events as they were invoked; nothing when the function is gone. */
export type SettingsOf = (functionName: string, qualifier?: string) => Promise<EventSettings | undefined>

/** Reads the settings from where functions are kept: dead letters are the version's own, all else is the function's. */
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

/** On a capacity provider the config of what runs goes before the function's own. */
function unqualified(record: FunctionRecord): string {
  const isOwn = isManaged(record) && attachedTo(record, 'eventInvoke', latestPublished) !== undefined
  return isOwn ? latestPublished : latestVersion
}

async function versionSettings(
  catalogue: Pick<Catalogue, 'findVersion'>,
  record: FunctionRecord,
  qualifier: string,
): Promise<FunctionSettings | undefined> {
  const alias = Object.hasOwn(record.aliases, qualifier) ? record.aliases[qualifier] : undefined
  const number = alias?.functionVersion ?? qualifier
  if (number === latestVersion) return record.latest.settings
  return (await catalogue.findVersion(record.name, number))?.settings
}
