/** AWS services that are called with AWS's JSON protocol. */
export type JsonService = 'sqs' | 'kinesis' | 'dynamodb' | 'secretsmanager'

/** These, and the service that is called by path. */
export type AwsService = JsonService | 'kafka'

/** One call. It ends when the signal aborts, or after its timeout. */
export interface ServiceCall {
  readonly service: JsonService
  readonly region: string
  /** The value of the `X-Amz-Target` header, such as `AmazonSQS.ReceiveMessage`. */
  readonly target: string
  readonly input: object
  readonly signal?: AbortSignal
}

/** One GET request to a service that is called by path, such as `/v1/clusters/{ARN}`. Variable parts are encoded. */
export interface ServiceQuestion {
  readonly service: 'kafka'
  readonly region: string
  readonly path: string
  readonly signal?: AbortSignal
}

/** A URL to presign for a service, and how long it is valid. */
export interface SignedAddress {
  readonly service: string
  readonly region: string
  readonly url: string
  readonly expiresSeconds: number
}

/** AWS, or servers that are compatible with it. */
export interface AwsServices {
  /**
   * Returns the service's response. Rejects with `AwsRefusal` if the service refuses, and with `Error` if it is unreachable.
   */
  call(call: ServiceCall | ServiceQuestion): Promise<unknown>
  /** Returns the presigned URL. It proves to the recipient that it comes from this server. */
  presign(address: SignedAddress): Promise<string>
}

/** The error code and text with which a service refused a call. */
export class AwsRefusal extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, status: number) {
    super(message)
    this.code = code
    this.status = status
  }
}
