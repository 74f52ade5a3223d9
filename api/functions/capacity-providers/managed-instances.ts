import { invalidParameterValue } from '../../errors.ts'
import type { CapacityUse, FunctionSettings } from '../function/function.ts'

/** Restrictions of functions on capacity providers (reference 2.14). AWS's texts are not known; these are ours. */
export const capacityErrors = {
  notAddable: () =>
    invalidParameterValue(
      'CapacityProviderConfig can be given only when a function is created, not to an existing one.',
    ),
  tooLittleMemory: () =>
    invalidParameterValue('MemorySize must be at least 2048 MB for a function on a capacity provider.'),
  tooFewVcpus: () =>
    invalidParameterValue(
      'MemorySize must be at least ExecutionEnvironmentMemoryGiBPerVCpu, so that an execution environment has 1 vCPU.',
    ),
  runtime: (runtime: string) => invalidParameterValue(`Runtime ${runtime} is not supported on capacity providers.`),
  architecture: (architecture: string, arn: string) =>
    invalidParameterValue(`Architecture ${architecture} is not one of the capacity provider ${arn}.`),
  notTogether: (what: string) =>
    invalidParameterValue(`${what} is not supported for a function with a capacity provider configuration.`),
  notPublishable: () =>
    invalidParameterValue('PublishTo is supported only for functions with a capacity provider configuration.'),
}

const minimumMemoryMb = 2_048
const defaultMemoryGibPerVcpu = 2

/** Oldest supported versions; other families are not supported. */
const supportedSince: readonly (readonly [pattern: RegExp, version: number])[] = [
  [/^java(\d+)$/, 21],
  [/^python3\.(\d+)$/, 13],
  [/^nodejs(\d+)\.x$/, 22],
  [/^dotnet(\d+)$/, 8],
  [/^provided\.al(\d+)$/, 2023],
]

/** Concurrent invocations per vCPU of an environment on AWS, by the prefix of the runtime's name. */
const concurrencyPerVcpu: ReadonlyMap<string, number> = new Map([
  ['nodejs', 64],
  ['java', 32],
  ['dotnet', 32],
  ['provided', 8],
])
const otherConcurrencyPerVcpu = 16

/** Defaults of a new function on a capacity provider. */
export function managedDefaults(
  name: string,
  { arn }: CapacityUse,
): Pick<FunctionSettings, 'memoryMb' | 'logging' | 'capacityProvider'> {
  const levels = { applicationLevel: 'INFO', systemLevel: 'INFO' }
  return {
    memoryMb: minimumMemoryMb,
    logging: { format: 'JSON', group: `/aws/lambda/${name}`, ...levels },
    capacityProvider: { arn },
  }
}

/** The settings after an update; absent members stay. */
export function changedCapacity(current: CapacityUse, change: CapacityUse | undefined): CapacityUse {
  return { ...current, ...change }
}

/** Refuses settings that are not supported on a capacity provider. */
export function checkManaged(settings: FunctionSettings): void {
  const { capacityProvider: capacity, memoryMb, runtime, snapStartApplyOn, tenantIsolation } = settings
  if (capacity === undefined) return
  if (memoryMb < minimumMemoryMb) throw capacityErrors.tooLittleMemory()
  if (vcpusOf(memoryMb, capacity) < 1) throw capacityErrors.tooFewVcpus()
  if (runtime !== undefined && !isSupported(runtime)) throw capacityErrors.runtime(runtime)
  if (snapStartApplyOn !== 'None') throw capacityErrors.notTogether('SnapStart')
  if (tenantIsolation !== undefined) throw capacityErrors.notTogether('TenancyConfig')
}

/** The settings with AWS's defaults filled in. */
export function wholeCapacityUse(
  { memoryMb, runtime }: FunctionSettings,
  capacity: CapacityUse,
): Required<CapacityUse> {
  const family = /^[a-z]+/.exec(runtime ?? '')?.[0] ?? ''
  const perVcpu = concurrencyPerVcpu.get(family) ?? otherConcurrencyPerVcpu
  const maximumConcurrency = Math.floor(perVcpu * vcpusOf(memoryMb, capacity))
  return { maximumConcurrency, memoryGibPerVcpu: defaultMemoryGibPerVcpu, ...capacity }
}

function vcpusOf(memoryMb: number, { memoryGibPerVcpu = defaultMemoryGibPerVcpu }: CapacityUse): number {
  return memoryMb / 1_024 / memoryGibPerVcpu
}

function isSupported(runtime: string): boolean {
  return supportedSince.some(([pattern, since]) => Number(pattern.exec(runtime)?.[1] ?? 0) >= since)
}
