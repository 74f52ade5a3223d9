import type { AwsServices } from './services.ts'
import type { SignedServicesParts } from './signed-services.ts'

/** Services whose signer and HTTP client are loaded at the first call: they are slow to load, and most servers call no service. */
export function createLazyServices(parts: SignedServicesParts): AwsServices {
  let services: Promise<AwsServices> | undefined
  const load = () =>
    (services ??= import('./signed-services.ts').then(({ createSignedServices }) => createSignedServices(parts)))
  return {
    call: async (call) => (await load()).call(call),
    presign: async (address) => (await load()).presign(address),
  }
}
