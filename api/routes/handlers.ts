import { accountRoutes, type AccountRoutesDependencies } from './account/account.ts'
import { aliasRoutes, type AliasRoutesDependencies } from './aliases/aliases.ts'
import { capacityProviderRoutes, type CapacityProviderDependencies } from './capacity-providers/capacity-providers.ts'
import { capacityUseRoutes, type CapacityUseDependencies } from './capacity-providers/capacity-provider-uses.ts'
import { codeSigningRoutes, type CodeSigningRoutesDependencies } from './code-signing/code-signing-configs.ts'
import { concurrencyRoutes, type ConcurrencyRoutesDependencies } from './concurrency/concurrency.ts'
import { eventInvokeRoutes, type EventInvokeRoutesDependencies } from './event-invoke/event-invoke-configs.ts'
import { eventSourceMappingRoutes, type EventSourceMappingDependencies } from './event-sources/event-source-mappings.ts'
import {
  functionCodeSigningRoutes,
  type FunctionCodeSigningDependencies,
} from './code-signing/function-code-signing.ts'
import { functionListRoutes, type FunctionListsDependencies } from './functions/function-lists.ts'
import { functionOptionRoutes, type FunctionOptionsDependencies } from './functions/function-options.ts'
import { functionScalingRoutes, type FunctionScalingDependencies } from './capacity-providers/function-scaling.ts'
import { functionUrlRoutes, type FunctionUrlRoutesDependencies } from './function-urls/function-urls.ts'
import { functionRoutes, type FunctionRoutesDependencies } from './functions/functions.ts'
import type { Handlers } from './http/handler.ts'
import { invokeRoutes, type InvokeRoutesDependencies } from './invoke/invoke.ts'
import { layerPermissionRoutes, type LayerPermissionsDependencies } from './layers/layer-permissions.ts'
import { layerRoutes, type LayerRoutesDependencies } from './layers/layers.ts'
import { permissionRoutes, type PermissionRoutesDependencies } from './permissions/permissions.ts'
import {
  invokeWithResponseStreamRoutes,
  type InvokeWithResponseStreamDependencies,
} from './invoke/invoke-with-response-stream.ts'
import { resourcePolicyRoutes } from './permissions/resource-policies.ts'
import { tagRoutes, type TagRoutesDependencies } from './tags/tags.ts'
import { versionRoutes, type VersionRoutesDependencies } from './versions/versions.ts'

export type ControlPlaneDependencies = AccountRoutesDependencies &
  AliasRoutesDependencies &
  CapacityProviderDependencies &
  CapacityUseDependencies &
  CodeSigningRoutesDependencies &
  ConcurrencyRoutesDependencies &
  EventInvokeRoutesDependencies &
  EventSourceMappingDependencies &
  FunctionCodeSigningDependencies &
  FunctionListsDependencies &
  FunctionOptionsDependencies &
  FunctionScalingDependencies &
  FunctionRoutesDependencies &
  LayerPermissionsDependencies &
  LayerRoutesDependencies &
  PermissionRoutesDependencies &
  FunctionUrlRoutesDependencies &
  TagRoutesDependencies &
  VersionRoutesDependencies

export type HandlersDependencies = ControlPlaneDependencies &
  InvokeRoutesDependencies &
  InvokeWithResponseStreamDependencies

/** All implemented operations. */
export function handlersOf(dependencies: HandlersDependencies): Handlers {
  return {
    ...controlPlaneHandlers(dependencies),
    ...invokeRoutes(dependencies),
    ...invokeWithResponseStreamRoutes(dependencies),
  }
}

/** All implemented operations that do not run a function. */
export function controlPlaneHandlers(dependencies: ControlPlaneDependencies): Handlers {
  return {
    ...accountRoutes(dependencies),
    ...aliasRoutes(dependencies),
    ...capacityProviderRoutes(dependencies),
    ...capacityUseRoutes(dependencies),
    ...codeSigningRoutes(dependencies),
    ...concurrencyRoutes(dependencies),
    ...eventInvokeRoutes(dependencies),
    ...eventSourceMappingRoutes(dependencies),
    ...functionCodeSigningRoutes(dependencies),
    ...functionListRoutes(dependencies),
    ...functionOptionRoutes(dependencies),
    ...functionScalingRoutes(dependencies),
    ...functionRoutes(dependencies),
    ...layerPermissionRoutes(dependencies),
    ...layerRoutes(dependencies),
    ...permissionRoutes(dependencies),
    ...resourcePolicyRoutes(dependencies),
    ...functionUrlRoutes(dependencies),
    ...tagRoutes(dependencies),
    ...versionRoutes(dependencies),
  }
}
