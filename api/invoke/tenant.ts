import { invalidParameterValue } from '../errors.ts'
import type { FunctionVersion } from '../functions/function/function.ts'

/**
 * Rejects an invocation without a tenant of a function with tenant isolation, and one with a tenant of a function without it
 * (reference 2.15; the texts are not recorded).
 */
export function requireTenant({ settings }: FunctionVersion, tenantId: string | undefined): void {
  if (settings.tenantIsolation !== undefined && tenantId === undefined) {
    throw invalidParameterValue(
      'The invoked function is enabled with tenancy configuration. ' +
        'Add a valid tenant ID in your request and try again.',
    )
  }
  if (settings.tenantIsolation === undefined && tenantId !== undefined) {
    throw invalidParameterValue(
      'The invoked function is not enabled with tenancy configuration. ' +
        'Remove the tenant ID from your request and try again.',
    )
  }
}
