import { invalidParameterValue, kinds, LambdaError } from '../../errors.ts'
import { functionArn, type Home } from '../function/arn.ts'
import { attach, attachedTo } from '../function/attachment.ts'
import type { EventInvokeConfig } from '../function/attached-settings.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { parseFunctionName } from '../function/name.ts'
import { latestVersion, type FunctionRecord } from '../function/function.ts'

/** Errors of event invoke configs (reference 2.12). */
export const eventInvokeErrors = {
  nothingGiven: () => invalidParameterValue('You must specify at least one of error handling or destination setting.'),
  ownDestination: () => invalidParameterValue("You can't specify the function as a destination for itself."),
  unknownDestination: (arn: string) => invalidParameterValue(`The destination ARN ${arn} is invalid.`),
  /** `config` as AWS prints a destination config. */
  unsupportedDestination: (config: string) =>
    invalidParameterValue(`The provided destination config ${config} is invalid.`),
  noFunction: () => new LambdaError(kinds.resourceNotFound, "The function doesn't exist."),
  noConfig: (arn: string) =>
    new LambdaError(kinds.resourceNotFound, `The function ${arn} doesn't have an EventInvokeConfig`),
}

/** The event invoke settings in a request; absent members were not given. */
export interface EventInvokeChange {
  readonly maximumRetryAttempts?: number | undefined
  readonly maximumEventAgeSeconds?: number | undefined
  /** Replaces both destinations; an empty text removes one. */
  readonly destinations?: Destinations | undefined
}

export interface Destinations {
  readonly onSuccess?: string | undefined
  readonly onFailure?: string | undefined
}

/** The event invoke settings of one qualifier, AWS's defaults filled in. */
export interface EventInvokeSettings {
  /** Maximum retries after function errors. */
  readonly maximumRetryAttempts: number
  readonly maximumEventAgeSeconds: number
  readonly onSuccess?: string
  readonly onFailure?: string
}

/** The settings that apply to events with this qualifier, or with none (reference 6.1). */
export function eventInvokeSettingsOf(record: FunctionRecord, qualifier: string = latestVersion): EventInvokeSettings {
  const { lastModifiedMs: _date, ...given } = attachedTo(record, 'eventInvoke', qualifier) ?? { lastModifiedMs: 0 }
  return { maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600, ...given }
}

/** The record with a config that replaces the qualifier's previous one. */
export function putEventInvokeConfig(
  record: FunctionRecord,
  qualifier: string,
  change: EventInvokeChange,
  nowMs: number,
): FunctionRecord {
  return attach(record, 'eventInvoke', qualifier, configOf(change, nowMs))
}

/** The record with the qualifier's config changed; 404 when there is none. */
export function updateEventInvokeConfig(
  record: FunctionRecord,
  qualifier: string,
  change: EventInvokeChange,
  nowMs: number,
  home: Home,
): FunctionRecord {
  const current = attachedTo(record, 'eventInvoke', qualifier)
  if (current === undefined) throw eventInvokeErrors.noConfig(functionArn(home, record.name, qualifier))
  const {
    maximumRetryAttempts = current.maximumRetryAttempts,
    maximumEventAgeSeconds = current.maximumEventAgeSeconds,
  } = change
  const { destinations = current } = change
  return putEventInvokeConfig(record, qualifier, { maximumRetryAttempts, maximumEventAgeSeconds, destinations }, nowMs)
}

/** Refuses an empty change, and destinations that events cannot be sent to (reference 2.12). */
export async function checkEventInvokeChange(
  { catalogue, ...home }: Home & { readonly catalogue: Pick<Catalogue, 'find'> },
  name: string,
  change: EventInvokeChange,
): Promise<void> {
  const { maximumRetryAttempts, maximumEventAgeSeconds, destinations } = change
  if (maximumRetryAttempts === undefined && maximumEventAgeSeconds === undefined && destinations === undefined) {
    throw eventInvokeErrors.nothingGiven()
  }
  const { onSuccess = '', onFailure = '' } = destinations ?? {}
  for (const [arn, isFailure] of [[onSuccess, false] as const, [onFailure, true] as const]) {
    if (arn === '') continue
    if (!isSupported(arn, isFailure)) throw eventInvokeErrors.unsupportedDestination(printed({ onSuccess, onFailure }))
    if (serviceOf(arn) === 'lambda') await checkFunction(catalogue, home, name, arn)
  }
}

async function checkFunction(catalogue: Pick<Catalogue, 'find'>, home: Home, name: string, arn: string): Promise<void> {
  const [, , , region, accountId] = arn.split(':')
  if (region !== home.region || accountId !== home.accountId) throw eventInvokeErrors.unknownDestination(arn)
  const target = parseFunctionName(arn, undefined, home)
  if (target.name === name) throw eventInvokeErrors.ownDestination()
  const record = (await catalogue.find(target.name))?.value
  const { qualifier = latestVersion } = target
  if (record === undefined || !hasQualifier(record, qualifier)) throw eventInvokeErrors.unknownDestination(arn)
}

/** Whether the qualifier is `$LATEST`, a published version or an alias of the function. */
export function hasQualifier(record: FunctionRecord, qualifier: string): boolean {
  return qualifier === latestVersion || record.versions.includes(qualifier) || Object.hasOwn(record.aliases, qualifier)
}

function configOf(change: EventInvokeChange, lastModifiedMs: number): EventInvokeConfig {
  const { maximumRetryAttempts, maximumEventAgeSeconds, destinations: { onSuccess = '', onFailure = '' } = {} } = change
  return {
    ...(maximumRetryAttempts === undefined ? {} : { maximumRetryAttempts }),
    ...(maximumEventAgeSeconds === undefined ? {} : { maximumEventAgeSeconds }),
    ...(onSuccess === '' ? {} : { onSuccess }),
    ...(onFailure === '' ? {} : { onFailure }),
    lastModifiedMs,
  }
}

/** Standard queues and topics, functions and event buses; a bucket for failures only (reference 6.2). */
function isSupported(arn: string, isFailure: boolean): boolean {
  const [, , service = '', , , resource = '', id] = arn.split(':')
  if (resource.endsWith('.fifo')) return false
  if (service === 's3') return isFailure
  if (service === 'lambda') return resource === 'function' && id !== undefined
  if (service === 'events') return resource.startsWith('event-bus/')
  return (service === 'sqs' || service === 'sns') && resource !== ''
}

function serviceOf(arn: string): string | undefined {
  return arn.split(':')[2]
}

function printed({ onSuccess = '', onFailure = '' }: Destinations): string {
  const part = (name: string, arn: string) => (arn === '' ? 'null' : `${name}(destination=${arn})`)
  return `DestinationConfig(onSuccess=${part('OnSuccess', onSuccess)}, onFailure=${part('OnFailure', onFailure)})`
}
