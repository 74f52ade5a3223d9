import { account } from './areas/functions/account.ts'
import { aliases } from './areas/functions/aliases.ts'
import { authentication } from './areas/access/authentication.ts'
import { capacityProviderMembers } from './areas/capacity/capacity-provider-members.ts'
import { capacityProviders } from './areas/capacity/capacity-providers.ts'
import { codeSigning } from './areas/code/code-signing.ts'
import { concurrency } from './areas/capacity/concurrency-of-invocations.ts'
import { environment } from './areas/invoke/environment.ts'
import { errors } from './areas/invoke/errors.ts'
import { eventInvokeConfigs } from './areas/events/event-invoke-configs.ts'
import { eventSourceMappings } from './areas/events/event-source-mappings.ts'
import { extensions } from './areas/code/extensions.ts'
import { functionOptions } from './areas/functions/function-options.ts'
import { functionUrlCalls } from './areas/access/function-url-calls.ts'
import { functionUrls } from './areas/access/function-urls.ts'
import { functions } from './areas/functions/functions.ts'
import { images } from './areas/code/images.ts'
import { invalidEvents } from './areas/invoke/invalid-events.ts'
import { invoke } from './areas/invoke/invoke.ts'
import { layers } from './areas/code/layers.ts'
import { invokeAsync } from './areas/events/invoke-async.ts'
import { managedInstances } from './areas/capacity/managed-instances.ts'
import { names } from './areas/functions/names.ts'
import { packages } from './areas/code/packages.ts'
import { permissions } from './areas/access/permissions.ts'
import { resourcePolicies } from './areas/access/resource-policies.ts'
import { provisionedConcurrency } from './areas/capacity/provisioned-concurrency.ts'
import { refusals } from './areas/http/refusals.ts'
import { reservedConcurrency } from './areas/capacity/reserved-concurrency.ts'
import { runtimes } from './areas/invoke/runtimes.ts'
import { scaling } from './areas/capacity/scaling.ts'
import { settings } from './areas/functions/settings.ts'
import { streaming } from './areas/invoke/streaming.ts'
import { tags } from './areas/functions/tags.ts'
import { tenancy } from './areas/invoke/tenancy.ts'
import { updates } from './areas/functions/updates.ts'
import { validation } from './areas/http/validation.ts'
import { versions } from './areas/functions/versions.ts'
import { wire } from './areas/http/wire.ts'
import type { Area } from './case/case.ts'

/** All areas of the suite, in the order of the report. */
export const areas: readonly Area[] = [
  functions,
  updates,
  settings,
  versions,
  aliases,
  tags,
  layers,
  extensions,
  permissions,
  resourcePolicies,
  codeSigning,
  images,
  account,
  eventInvokeConfigs,
  functionOptions,
  functionUrls,
  functionUrlCalls,
  provisionedConcurrency,
  reservedConcurrency,
  capacityProviders,
  capacityProviderMembers,
  managedInstances,
  scaling,
  eventSourceMappings,
  invokeAsync,
  names,
  refusals,
  validation,
  packages,
  invoke,
  invalidEvents,
  streaming,
  errors,
  runtimes,
  environment,
  concurrency,
  tenancy,
  wire,
  authentication,
]
