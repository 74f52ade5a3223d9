/** An access key that the server signs its requests with. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** No credentials were found. The message says how to configure them; the cause says what was tried. */
export class MissingCredentials extends Error {}

/** Finds credentials as AWS's SDK does: variables, files, the pod's role. The SDK's code is loaded on first use. */
export function findCredentials(region: string): () => Promise<Credentials> {
  let provider: Promise<() => Promise<Credentials>> | undefined
  return async () => {
    provider ??= import('@aws-sdk/client-sqs').then(({ SQSClient }) => new SQSClient({ region }).config.credentials)
    return (await provider)()
  }
}
