import { account } from './areas/account.ts'
import { aliases } from './areas/aliases.ts'
import { authentication } from './areas/authentication.ts'
import { capacityProviderMembers } from './areas/capacity-provider-members.ts'
import { capacityProviders } from './areas/capacity-providers.ts'
import { codeSigning } from './areas/code-signing.ts'
import { concurrency } from './areas/concurrency-of-invocations.ts'
import { environment } from './areas/environment.ts'
import { errors } from './areas/errors.ts'
import { eventInvokeConfigs } from './areas/event-invoke-configs.ts'
import { eventSourceMappings } from './areas/event-source-mappings.ts'
import { extensions } from './areas/extensions.ts'
import { functionOptions } from './areas/function-options.ts'
import { functionUrlCalls } from './areas/function-url-calls.ts'
import { functionUrls } from './areas/function-urls.ts'
import { functions } from './areas/functions.ts'
import { images } from './areas/images.ts'
import { invoke } from './areas/invoke.ts'
import { layers } from './areas/layers.ts'
import { invokeAsync } from './areas/invoke-async.ts'
import { managedInstances } from './areas/managed-instances.ts'
import { names } from './areas/names.ts'
import { packages } from './areas/packages.ts'
import { permissions } from './areas/permissions.ts'
import { provisionedConcurrency } from './areas/provisioned-concurrency.ts'
import { refusals } from './areas/refusals.ts'
import { reservedConcurrency } from './areas/reserved-concurrency.ts'
import { runtimes } from './areas/runtimes.ts'
import { scaling } from './areas/scaling.ts'
import { settings } from './areas/settings.ts'
import { streaming } from './areas/streaming.ts'
import { tags } from './areas/tags.ts'
import { tenancy } from './areas/tenancy.ts'
import { updates } from './areas/updates.ts'
import { validation } from './areas/validation.ts'
import { versions } from './areas/versions.ts'
import { wire } from './areas/wire.ts'
import type { Area } from './case.ts'

/** Everything that is asked. */
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
  streaming,
  errors,
  runtimes,
  environment,
  concurrency,
  tenancy,
  wire,
  authentication,
]
