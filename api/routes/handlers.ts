import { accountRoutes, type AccountRoutesDependencies } from './account.ts'
import { aliasRoutes, type AliasRoutesDependencies } from './aliases.ts'
import { capacityProviderRoutes, type CapacityProviderDependencies } from './capacity-providers.ts'
import { capacityUseRoutes, type CapacityUseDependencies } from './capacity-provider-uses.ts'
import { codeSigningRoutes, type CodeSigningRoutesDependencies } from './code-signing.ts'
import { concurrencyRoutes, type ConcurrencyRoutesDependencies } from './concurrency.ts'
import { eventInvokeRoutes, type EventInvokeRoutesDependencies } from './event-invoke-configs.ts'
import { eventSourceMappingRoutes, type EventSourceMappingDependencies } from './event-source-mappings.ts'
import { functionCodeSigningRoutes, type FunctionCodeSigningDependencies } from './function-code-signing.ts'
import { functionListRoutes, type FunctionListsDependencies } from './function-lists.ts'
import { functionOptionRoutes, type FunctionOptionsDependencies } from './function-options.ts'
import { functionScalingRoutes, type FunctionScalingDependencies } from './function-scaling.ts'
import { functionUrlRoutes, type FunctionUrlRoutesDependencies } from './function-urls.ts'
import { functionRoutes, type FunctionRoutesDependencies } from './functions.ts'
import type { Handlers } from './handler.ts'
import { invokeRoutes, type InvokeRoutesDependencies } from './invoke.ts'
import { layerPermissionRoutes, type LayerPermissionsDependencies } from './layer-permissions.ts'
import { layerRoutes, type LayerRoutesDependencies } from './layers.ts'
import { permissionRoutes, type PermissionRoutesDependencies } from './permissions.ts'
import {
  invokeWithResponseStreamRoutes,
  type InvokeWithResponseStreamDependencies,
} from './invoke-with-response-stream.ts'
import { tagRoutes, type TagRoutesDependencies } from './tags.ts'
import { versionRoutes, type VersionRoutesDependencies } from './versions.ts'

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

/** Every operation that is built. */
export function handlersOf(dependencies: HandlersDependencies): Handlers {
  return {
    ...controlPlaneHandlers(dependencies),
    ...invokeRoutes(dependencies),
    ...invokeWithResponseStreamRoutes(dependencies),
  }
}

/** Every operation that is built and runs no function. */
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
    ...functionUrlRoutes(dependencies),
    ...tagRoutes(dependencies),
    ...versionRoutes(dependencies),
  }
}
