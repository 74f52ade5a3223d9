/** A key that requests are signed with. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** There is nothing to sign with; the message says what would help, the cause what was tried. */
export class MissingCredentials extends Error {}

/** The credentials that AWS's SDK finds: variables, files, the pod's role. Its code is loaded only when they are needed. */
export function findCredentials(region: string): () => Promise<Credentials> {
  let provider: Promise<() => Promise<Credentials>> | undefined
  return async () => {
    provider ??= import('@aws-sdk/client-sqs').then(({ SQSClient }) => new SQSClient({ region }).config.credentials)
    return (await provider)()
  }
}
