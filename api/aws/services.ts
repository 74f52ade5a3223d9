/** The services of AWS that sources speak to in its JSON protocol. */
export type JsonService = 'sqs' | 'kinesis' | 'dynamodb' | 'secretsmanager'

/** Those and the one that is asked by path. */
export type AwsService = JsonService | 'kafka'

/** One call; it ends when the signal aborts, or after a time of its own. */
export interface ServiceCall {
  readonly service: JsonService
  readonly region: string
  /** As in the `X-Amz-Target` header, such as `AmazonSQS.ReceiveMessage`. */
  readonly target: string
  readonly input: object
  readonly signal?: AbortSignal
}

/** One question to a service that is asked by path, such as `/v1/clusters/{ARN}`; its variable parts are encoded. */
export interface ServiceQuestion {
  readonly service: 'kafka'
  readonly region: string
  readonly path: string
  readonly signal?: AbortSignal
}

/** An address to be signed for a service, and for how long. */
export interface SignedAddress {
  readonly service: string
  readonly region: string
  readonly url: string
  readonly expiresSeconds: number
}

/** AWS, or servers that speak as it does. */
export interface AwsServices {
  /** Answers the service's answer; what it refuses is an `AwsRefusal`, and a service out of reach an `Error`. */
  call(call: ServiceCall | ServiceQuestion): Promise<unknown>
  /** The address with a signature in its query, which shows whoever is given it that it comes from here. */
  presign(address: SignedAddress): Promise<string>
}

/** What a service refused: its error's code and text. */
export class AwsRefusal extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, status: number) {
    super(message)
    this.code = code
    this.status = status
  }
}
