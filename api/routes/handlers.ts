import { accountRoutes, type AccountRoutesDependencies } from './account.ts'
import { aliasRoutes, type AliasRoutesDependencies } from './aliases.ts'
import { concurrencyRoutes, type ConcurrencyRoutesDependencies } from './concurrency.ts'
import { eventInvokeRoutes, type EventInvokeRoutesDependencies } from './event-invoke-configs.ts'
import { functionDefaultRoutes, type FunctionDefaultsDependencies } from './function-defaults.ts'
import { functionListRoutes, type FunctionListsDependencies } from './function-lists.ts'
import { functionOptionRoutes, type FunctionOptionsDependencies } from './function-options.ts'
import { functionRoutes, type FunctionRoutesDependencies } from './functions.ts'
import type { Handlers } from './handler.ts'
import { invokeRoutes, type InvokeRoutesDependencies } from './invoke.ts'
import { tagRoutes, type TagRoutesDependencies } from './tags.ts'
import { versionRoutes, type VersionRoutesDependencies } from './versions.ts'

export type ControlPlaneDependencies = AccountRoutesDependencies &
  AliasRoutesDependencies &
  ConcurrencyRoutesDependencies &
  EventInvokeRoutesDependencies &
  FunctionDefaultsDependencies &
  FunctionListsDependencies &
  FunctionOptionsDependencies &
  FunctionRoutesDependencies &
  TagRoutesDependencies &
  VersionRoutesDependencies

export type HandlersDependencies = ControlPlaneDependencies & InvokeRoutesDependencies

/** Every operation that is built. */
export function handlersOf(dependencies: HandlersDependencies): Handlers {
  return { ...controlPlaneHandlers(dependencies), ...invokeRoutes(dependencies) }
}

/** Every operation that is built and runs no function. */
export function controlPlaneHandlers(dependencies: ControlPlaneDependencies): Handlers {
  return {
    ...accountRoutes(dependencies),
    ...aliasRoutes(dependencies),
    ...concurrencyRoutes(dependencies),
    ...eventInvokeRoutes(dependencies),
    ...functionDefaultRoutes(dependencies),
    ...functionListRoutes(dependencies),
    ...functionOptionRoutes(dependencies),
    ...functionRoutes(dependencies),
    ...tagRoutes(dependencies),
    ...versionRoutes(dependencies),
  }
}
