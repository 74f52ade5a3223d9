import { functionArn, type Home } from '../../functions/function/arn.ts'
import { allAttached, attachedTo, detach } from '../../functions/function/attachment.ts'
import type { EventInvokeConfig } from '../../functions/function/attached-settings.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import {
  checkEventInvokeChange,
  eventInvokeErrors,
  hasQualifier,
  putEventInvokeConfig,
  updateEventInvokeConfig,
  type EventInvokeChange,
} from '../../functions/settings/event-invoke-config.ts'
import { parseFunctionName } from '../../functions/function/name.ts'
import { latestVersion, type FunctionRecord } from '../../functions/function/function.ts'
import type { Lifecycle } from '../../functions/lifecycle.ts'
import type { QualifiedMembers } from '../functions/functions.ts'
import type { Handlers, Output } from '../http/handler.ts'
import { keyBefore, pageLimit, pageOf, type PageMembers } from '../http/page.ts'

export interface EventInvokeRoutesDependencies extends Home {
  readonly catalogue: Pick<Catalogue, 'find'>
  readonly lifecycle: Pick<Lifecycle, 'change'>
  /** Epoch milliseconds. */
  readonly now: () => number
}

interface ConfigMembers extends QualifiedMembers {
  readonly MaximumRetryAttempts?: number
  readonly MaximumEventAgeInSeconds?: number
  readonly DestinationConfig?: {
    readonly OnSuccess?: { readonly Destination?: string }
    readonly OnFailure?: { readonly Destination?: string }
  }
}

/** The five operations on event invoke configs of a function, version or alias. */
export function eventInvokeRoutes(dependencies: EventInvokeRoutesDependencies): Handlers {
  const { catalogue, lifecycle, now } = dependencies
  const targetIn = ({ FunctionName, Qualifier }: QualifiedMembers) => {
    const { name, qualifier = latestVersion } = parseFunctionName(FunctionName, Qualifier, dependencies)
    return { name, qualifier, arn: functionArn(dependencies, name, qualifier) }
  }
  const find = async (name: string) => (await catalogue.find(name))?.value
  const show = (record: FunctionRecord, qualifier: string) => configOutput(dependencies, record, qualifier)

  return {
    async PutFunctionEventInvokeConfig(input: ConfigMembers) {
      const { name, qualifier } = targetIn(input)
      const change = changeIn(input)
      const record = await find(name)
      if (record === undefined || !hasQualifier(record, qualifier)) throw eventInvokeErrors.noFunction()
      await checkEventInvokeChange(dependencies, name, change)
      const changed = await lifecycle.change(name, (current) => {
        if (!hasQualifier(current, qualifier)) throw eventInvokeErrors.noFunction()
        return { record: putEventInvokeConfig(current, qualifier, change, now()) }
      })
      return show(changed.record, qualifier)
    },

    async UpdateFunctionEventInvokeConfig(input: ConfigMembers) {
      const { name, qualifier, arn } = targetIn(input)
      const change = changeIn(input)
      const record = await find(name)
      if (record === undefined || attachedTo(record, 'eventInvoke', qualifier) === undefined) {
        throw eventInvokeErrors.noConfig(arn)
      }
      await checkEventInvokeChange(dependencies, name, change)
      const changed = await lifecycle.change(name, (current) => ({
        record: updateEventInvokeConfig(current, qualifier, change, now(), dependencies),
      }))
      return show(changed.record, qualifier)
    },

    async GetFunctionEventInvokeConfig(input: QualifiedMembers) {
      const { name, qualifier, arn } = targetIn(input)
      return show(requireRecord(await find(name), eventInvokeErrors.noConfig(arn)), qualifier)
    },

    async DeleteFunctionEventInvokeConfig(input: QualifiedMembers) {
      const { name, qualifier, arn } = targetIn(input)
      if ((await find(name)) === undefined) throw eventInvokeErrors.noConfig(arn)
      await lifecycle.change(name, (current) => {
        if (attachedTo(current, 'eventInvoke', qualifier) === undefined) throw eventInvokeErrors.noConfig(arn)
        return { record: detach(current, 'eventInvoke', qualifier) }
      })
      return {}
    },

    async ListFunctionEventInvokeConfigs(input: PageMembers & { readonly FunctionName: string }) {
      const { name } = targetIn(input)
      const [limit, before] = [pageLimit(input), keyBefore(input)]
      const record = requireRecord(await find(name), eventInvokeErrors.noFunction())
      const qualifiers = allAttached(record, 'eventInvoke').map(([qualifier]) => qualifier)
      const rest = qualifiers.filter((qualifier) => before === undefined || qualifier > before)
      const { items, nextMarker } = pageOf(rest, limit, (qualifier) => qualifier)
      return { FunctionEventInvokeConfigs: items.map((each) => show(record, each)), NextMarker: nextMarker }
    },
  }
}

function requireRecord(record: FunctionRecord | undefined, missing: Error): FunctionRecord {
  if (record === undefined) throw missing
  return record
}

function changeIn(input: ConfigMembers): EventInvokeChange {
  const { OnSuccess, OnFailure } = input.DestinationConfig ?? {}
  return {
    maximumRetryAttempts: input.MaximumRetryAttempts,
    maximumEventAgeSeconds: input.MaximumEventAgeInSeconds,
    destinations: input.DestinationConfig && {
      onSuccess: OnSuccess?.Destination,
      onFailure: OnFailure?.Destination,
    },
  }
}

function configOutput(home: Home, record: FunctionRecord, qualifier: string): Output {
  const arn = functionArn(home, record.name, qualifier)
  const config = attachedTo(record, 'eventInvoke', qualifier)
  if (config === undefined) throw eventInvokeErrors.noConfig(arn)
  return {
    LastModified: new Date(config.lastModifiedMs),
    FunctionArn: arn,
    MaximumRetryAttempts: config.maximumRetryAttempts,
    MaximumEventAgeInSeconds: config.maximumEventAgeSeconds,
    DestinationConfig: destinationsOutput(config),
  }
}

function destinationsOutput({ onSuccess, onFailure }: EventInvokeConfig): Output {
  return {
    OnSuccess: onSuccess === undefined ? {} : { Destination: onSuccess },
    OnFailure: onFailure === undefined ? {} : { Destination: onFailure },
  }
}
