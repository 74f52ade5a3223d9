import { AwsRefusal, type AwsServices, type JsonService } from '../../aws/services.ts'
import { SourceFault } from '../polling/source.ts'

export interface StreamCall {
  readonly service: JsonService
  /** Of the stream: it says the region, and what is missing. */
  readonly arn: string
  readonly target: string
  readonly input: object
  readonly signal: AbortSignal | undefined
}

/** The place in the shard was asked for too long ago: it has to be asked for again. */
export class ExpiredIterator extends Error {}

/** Calls a service of streams; what it refuses is a `SourceFault` that a mapping can show. */
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
