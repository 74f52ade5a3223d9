import { AwsRefusal, type AwsServices, type JsonService } from '../../aws/services.ts'
import { SourceFault } from '../polling/source.ts'

export interface StreamCall {
  readonly service: JsonService
  /** The ARN of the stream. It determines the region, and is named in errors. */
  readonly arn: string
  readonly target: string
  readonly input: object
  readonly signal: AbortSignal | undefined
}

/** The shard iterator has expired and has to be requested again. */
export class ExpiredIterator extends Error {}

/** Calls the service of a stream. Refusals are thrown as `SourceFault`. */
export async function callAws<Answer>(services: AwsServices, { arn, signal, ...call }: StreamCall): Promise<Answer> {
  const region = arn.split(':')[3] ?? ''
  try {
    return (await services.call({ ...call, region, ...(signal === undefined ? {} : { signal }) })) as Answer
  } catch (error) {
    if (!(error instanceof AwsRefusal)) throw error
    if (error.code === 'ExpiredIteratorException')
      throw new ExpiredIterator('The iterator is too old.', { cause: error })
    if (error.code === 'ResourceNotFoundException') throw new SourceFault(`Stream not found: ${arn}`, { cause: error })
    const action = call.target.split('.').at(-1) ?? ''
    throw new SourceFault(
      `Error occurred while ${action}. Error Code: ${error.code}. Error Message: ${error.message}`,
      {
        cause: error,
      },
    )
  }
}
