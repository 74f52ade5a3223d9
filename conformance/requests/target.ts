import { randomBytes } from 'node:crypto'
import { GetFunctionCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda'

/** The endpoint under test, with its account and region. */
export interface Target {
  readonly client: LambdaClient
  readonly endpoint: URL
  readonly region: string
  readonly accountId: string
  readonly role: string
  /** Begins the name of everything a run creates, so that a run touches nothing else. */
  readonly prefix: string
  readonly isAws: boolean
}

export interface TargetOptions {
  readonly endpoint: string | undefined
  readonly region: string
  readonly role: string | undefined
}

/** Connects to the endpoint and learns its account from the ARN in an answer. */
export async function connect({ endpoint, region, role }: TargetOptions): Promise<Target> {
  const url = new URL(endpoint ?? `https://lambda.${region}.amazonaws.com`)
  const isAws = url.hostname.endsWith('.amazonaws.com')
  if (isAws && role === undefined) throw new Error('AWS needs --role with the ARN of an execution role')
  const client = new LambdaClient({ region, endpoint: url.href, ...credentialsFor(isAws), maxAttempts: isAws ? 6 : 1 })
  const prefix = `conformance-${randomBytes(3).toString('hex')}`
  const accountId = await learnAccount(client, prefix)
  return {
    client,
    endpoint: url,
    region,
    accountId,
    prefix,
    isAws,
    role: role ?? `arn:aws:iam::${accountId}:role/conformance`,
  }
}

/** The configured credentials; without any, placeholder credentials for an endpoint that is not AWS. */
function credentialsFor(isAws: boolean): LambdaClientConfig {
  const hasOwn = process.env['AWS_ACCESS_KEY_ID'] !== undefined || process.env['AWS_PROFILE'] !== undefined
  return isAws || hasOwn ? {} : { credentials: { accessKeyId: 'conformance', secretAccessKey: 'conformance' } }
}

async function learnAccount(client: LambdaClient, prefix: string): Promise<string> {
  const text = await client.send(new GetFunctionCommand({ FunctionName: `${prefix}-none` })).then(
    () => '',
    (error: unknown) => String(error),
  )
  const account = /arn:[^:]+:lambda:[^:]+:(\d{12}):/.exec(text)?.[1]
  if (account === undefined) throw new Error(`the endpoint does not answer GetFunction as Lambda does: ${text}`)
  return account
}
