import type { Home } from '../../functions/function/arn.ts'
import {
  capacityProviderArn,
  capacityProviderErrors,
  capacityProviderKey,
  capacityProviderName,
  removeProvider,
  type CapacityProvider,
  type CapacityScaling,
} from '../../functions/capacity-providers/capacity-provider.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { changeDocument, eachDocument } from '../../functions/catalogue/document-change.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { checkTagCount } from '../../functions/settings/tags.ts'
import type { Handlers, Output } from '../http/handler.ts'
import { keyBefore, pageLimit, pageOf, type PageMembers } from '../http/page.ts'

export interface CapacityProviderDependencies extends Home {
  readonly catalogue: Pick<Catalogue, 'onCapacityProvider'>
  readonly documents: Documents
  /** Epoch milliseconds. */
  readonly now: () => number
}

interface NameMembers {
  readonly CapacityProviderName: string
}

interface ScalingMembers {
  readonly MaxVCpuCount?: number
  readonly ScalingMode?: string
  readonly ScalingPolicies?: readonly { readonly PredefinedMetricType: string; readonly TargetValue: number }[]
}

interface CreateMembers extends NameMembers {
  readonly VpcConfig: { readonly SubnetIds: readonly string[]; readonly SecurityGroupIds: readonly string[] }
  readonly PermissionsConfig: { readonly CapacityProviderOperatorRoleArn: string }
  readonly InstanceRequirements?: {
    readonly Architectures?: readonly string[]
    readonly AllowedInstanceTypes?: readonly string[]
    readonly ExcludedInstanceTypes?: readonly string[]
  }
  readonly CapacityProviderScalingConfig?: ScalingMembers
  readonly KmsKeyArn?: string
  readonly PropagateTags?: { readonly Mode?: string; readonly ExplicitTags?: Readonly<Record<string, string>> }
  readonly TelemetryConfig?: {
    readonly LoggingConfig?: { readonly SystemLogLevel?: string; readonly LogGroup?: string }
  }
  readonly Tags?: Readonly<Record<string, string>>
}

type ObservedMembers = Pick<CreateMembers, 'PropagateTags' | 'TelemetryConfig'>
type UpdateMembers = NameMembers & Pick<CreateMembers, 'CapacityProviderScalingConfig'> & ObservedMembers
type State = 'Pending' | 'Active' | 'Deleting'

/** Capacity providers, and the functions that use them. No machines are provisioned. */
export function capacityProviderRoutes(dependencies: CapacityProviderDependencies): Handlers {
  const { documents, now } = dependencies
  const home = { accountId: dependencies.accountId, region: dependencies.region }
  const show = (provider: CapacityProvider, state: State) => ({
    CapacityProvider: providerOutput(home, provider, state),
  })
  const nameIn = ({ CapacityProviderName: text }: NameMembers) => capacityProviderName(text, home)
  const found = (name: string, provider: CapacityProvider | undefined) => {
    if (provider === undefined) throw capacityProviderErrors.notFound(capacityProviderArn(home, name))
    return provider
  }
  const read = async (name: string) =>
    found(name, (await documents.find<CapacityProvider>(capacityProviderKey(name)))?.value)
  const change = async (name: string, rule: (provider: CapacityProvider) => CapacityProvider | undefined) =>
    changeDocument<CapacityProvider>(documents, capacityProviderKey(name), (current) => rule(found(name, current)))

  return {
    async CreateCapacityProvider(members: CreateMembers) {
      const provider = newProvider(nameIn(members), members, now())
      checkTagCount(provider.tags)
      const isNew = await documents.save(capacityProviderKey(provider.name), provider, 0)
      if (!isNew) throw capacityProviderErrors.exists(capacityProviderArn(home, provider.name))
      return show(provider, 'Pending')
    },

    async UpdateCapacityProvider(members: UpdateMembers) {
      const name = nameIn(members)
      const scaling = scalingIn(members.CapacityProviderScalingConfig)
      const changed = await change(name, (current) => ({
        ...current,
        ...(scaling && { scaling }),
        ...observedIn(members),
        lastModifiedMs: now(),
      }))
      return show(found(name, changed), 'Pending')
    },

    GetCapacityProvider: async (input: NameMembers) => show(await read(nameIn(input)), 'Active'),

    DeleteCapacityProvider: async (input: NameMembers) =>
      show(await removeProvider(dependencies, nameIn(input)), 'Deleting'),

    async ListCapacityProviders(input: PageMembers & { readonly State?: string }) {
      const [limit, before] = [pageLimit(input), keyBefore(input)]
      const providers: CapacityProvider[] = []
      for await (const { value } of eachDocument<CapacityProvider>(documents, {
        kind: 'capacity-provider',
        after: before,
      })) {
        if (input.State === undefined || input.State === 'Active') providers.push(value)
        if (providers.length > limit) break
      }
      const { items, nextMarker } = pageOf(providers, limit, ({ name }) => name)
      return { CapacityProviders: items.map((each) => providerOutput(home, each, 'Active')), NextMarker: nextMarker }
    },
  }
}

function newProvider(name: string, members: CreateMembers, nowMs: number): CapacityProvider {
  const { VpcConfig: vpc, PermissionsConfig: permissions, InstanceRequirements: asked, KmsKeyArn: kmsKeyArn } = members
  const scaling = scalingIn(members.CapacityProviderScalingConfig)
  const requirements = asked && {
    ...(asked.Architectures && { architectures: asked.Architectures }),
    ...(asked.AllowedInstanceTypes && { allowedTypes: asked.AllowedInstanceTypes }),
    ...(asked.ExcludedInstanceTypes && { excludedTypes: asked.ExcludedInstanceTypes }),
  }
  return {
    name,
    subnetIds: vpc.SubnetIds,
    securityGroupIds: vpc.SecurityGroupIds,
    operatorRoleArn: permissions.CapacityProviderOperatorRoleArn,
    ...(requirements && { requirements }),
    ...(scaling && { scaling }),
    ...(kmsKeyArn === undefined ? {} : { kmsKeyArn }),
    ...observedIn(members),
    lastModifiedMs: nowMs,
    tags: members.Tags ?? {},
  }
}

/** How machines are tagged and what they write, as far as a request says so. */
function observedIn({ PropagateTags: tags, TelemetryConfig: telemetry }: ObservedMembers) {
  const { SystemLogLevel: systemLogLevel, LogGroup: logGroup } = telemetry?.LoggingConfig ?? {}
  return {
    ...(tags && {
      propagateTags: { ...(tags.Mode && { mode: tags.Mode }), ...(tags.ExplicitTags && { tags: tags.ExplicitTags }) },
    }),
    ...(telemetry && { telemetry: { ...(systemLogLevel && { systemLogLevel }), ...(logGroup && { logGroup }) } }),
  }
}

function scalingIn(asked: ScalingMembers | undefined): CapacityScaling | undefined {
  if (asked === undefined) return undefined
  const policies = asked.ScalingPolicies?.map((each) => ({
    metric: each.PredefinedMetricType,
    target: each.TargetValue,
  }))
  return {
    ...(asked.MaxVCpuCount === undefined ? {} : { maximumVcpus: asked.MaxVCpuCount }),
    ...(asked.ScalingMode === undefined ? {} : { mode: asked.ScalingMode }),
    ...(policies && { policies }),
  }
}

function providerOutput(home: Home, provider: CapacityProvider, state: State): Output {
  const { name, subnetIds, securityGroupIds, operatorRoleArn, requirements, scaling, kmsKeyArn } = provider
  const { propagateTags, telemetry } = provider
  return {
    CapacityProviderArn: capacityProviderArn(home, name),
    State: state,
    VpcConfig: { SubnetIds: subnetIds, SecurityGroupIds: securityGroupIds },
    PermissionsConfig: { CapacityProviderOperatorRoleArn: operatorRoleArn },
    InstanceRequirements: requirements && {
      Architectures: requirements.architectures,
      AllowedInstanceTypes: requirements.allowedTypes,
      ExcludedInstanceTypes: requirements.excludedTypes,
    },
    CapacityProviderScalingConfig: scaling && {
      MaxVCpuCount: scaling.maximumVcpus,
      ScalingMode: scaling.mode,
      ScalingPolicies: scaling.policies?.map(({ metric, target }) => ({
        PredefinedMetricType: metric,
        TargetValue: target,
      })),
    },
    KmsKeyArn: kmsKeyArn,
    PropagateTags: propagateTags && { Mode: propagateTags.mode, ExplicitTags: propagateTags.tags },
    TelemetryConfig: telemetry && {
      LoggingConfig: { SystemLogLevel: telemetry.systemLogLevel, LogGroup: telemetry.logGroup },
    },
    LastModified: new Date(provider.lastModifiedMs),
  }
}
