import { invalidParameterValue } from '../../errors.ts'
import {
  capacityErrors,
  changedCapacity,
  checkManaged,
  managedDefaults,
} from '../capacity-providers/managed-instances.ts'
import type { CapacityUse, FunctionSettings, LoggingSettings } from '../function/function.ts'
import type { SettingsChange } from './change.ts'
import { checkChange, checkTogether } from './checks.ts'

/** Settings that only a new function can have. */
export interface CreationSettings {
  readonly packageType: FunctionSettings['packageType']
  readonly tenantIsolation?: string | undefined
}

/** The settings of a new function: the requested ones over AWS's defaults (reference 2.2). */
export function newSettings(
  name: string,
  change: SettingsChange,
  { packageType, tenantIsolation }: CreationSettings = { packageType: 'Zip' },
): FunctionSettings {
  const { runtime, handler } = change
  if (packageType === 'Zip' && (runtime === undefined || handler === undefined)) {
    throw invalidParameterValue(
      'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
    )
  }
  const base = {
    ...defaultsOf(name, change.capacityProvider),
    packageType,
    ...(tenantIsolation === undefined ? {} : { tenantIsolation }),
  }
  const { variables } = change
  // A new function keeps an empty map; an update with one removes the variables.
  return { ...changedSettings(name, base, change), ...(variables && { variables }) }
}

/** The settings after a change. Throws AWS's error for what AWS refuses (reference 2.5). */
export function changedSettings(name: string, current: FunctionSettings, change: SettingsChange): FunctionSettings {
  const { capacityProvider: capacity } = current
  if (change.capacityProvider !== undefined && capacity === undefined) throw capacityErrors.notAddable()
  checkChange(current, change)
  const {
    logging,
    deadLetterTargetArn,
    kmsKeyArn,
    vpc,
    imageConfig = current.imageConfig,
    variables,
    ...plain
  } = change
  const { deadLetterTargetArn: _target, kmsKeyArn: _key, imageConfig: _image, variables: kept, ...rest } = current
  const next = {
    ...rest,
    ...defined(plain),
    ...(capacity && { capacityProvider: changedCapacity(capacity, change.capacityProvider) }),
    logging: logging === undefined ? current.logging : loggingOf(logging, defaultsOf(name, capacity).logging),
    ...removable('deadLetterTargetArn', deadLetterTargetArn ?? current.deadLetterTargetArn),
    ...removable('kmsKeyArn', kmsKeyArn ?? current.kmsKeyArn),
    ...(variables === undefined ? kept && { variables: kept } : filled({ variables })),
    ...(vpc === undefined ? {} : { vpc: changedVpc(current.vpc, vpc) }),
    ...(imageConfig && filled({ imageConfig })),
  }
  checkTogether(change, next)
  checkManaged(next)
  return next
}

function defaultsOf(name: string, capacity: CapacityUse | undefined): FunctionSettings {
  return { ...defaultSettings(name), ...(capacity && managedDefaults(name, capacity)) }
}

function defaultSettings(name: string): FunctionSettings {
  return {
    description: '',
    role: '',
    packageType: 'Zip',
    timeoutSeconds: 3,
    memoryMb: 128,
    ephemeralStorageMb: 512,
    architectures: ['x86_64'],
    layers: [],
    tracingMode: 'PassThrough',
    snapStartApplyOn: 'None',
    logging: { format: 'Text', group: `/aws/lambda/${name}` },
    fileSystems: [],
  }
}

/** Levels apply to JSON only, and default to INFO. Absent members get their defaults, as AWS replaces logging as a whole. */
function loggingOf(change: NonNullable<SettingsChange['logging']>, defaults: LoggingSettings): LoggingSettings {
  const { format, group, applicationLevel = 'INFO', systemLevel = 'INFO' } = { ...defaults, ...defined(change) }
  return format === 'Text' ? { format, group } : { format, group, applicationLevel, systemLevel }
}

function changedVpc(
  current: FunctionSettings['vpc'],
  change: NonNullable<SettingsChange['vpc']>,
): NonNullable<FunctionSettings['vpc']> {
  return { subnetIds: [], securityGroupIds: [], ipv6: false, ...current, ...defined(change) }
}

function removable<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  return value === undefined || value === '' ? {} : ({ [key]: value } as { readonly [K in Key]: string })
}

/** The members whose structures are not empty. */
function filled<Type extends Readonly<Record<string, object>>>(members: Type): Partial<Type> {
  return Object.values(members).some((value) => Object.keys(value).length > 0) ? members : {}
}

type Defined<Type> = { readonly [Key in keyof Type]?: Exclude<Type[Key], undefined> }

/** The members that have a value. */
function defined<Type extends object>(members: Type): Defined<Type> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<Type>
}
