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

/** There is no such stream or shard. */
export class StreamNotFound extends SourceFault {}

/** The stream does not have the position from which it was to be read: its records expired, or it is of another stream. */
export class PositionNotFound extends SourceFault {}

/** Calls the service of a stream. Refusals are thrown as `SourceFault`. */
export async function callAws<Answer>(services: AwsServices, { arn, signal, ...call }: StreamCall): Promise<Answer> {
  const region = arn.split(':')[3] ?? ''
  try {
    return (await services.call({ ...call, region, ...(signal === undefined ? {} : { signal }) })) as Answer
  } catch (error) {
    if (!(error instanceof AwsRefusal)) throw error
    if (error.code === 'ExpiredIteratorException')
      throw new ExpiredIterator('The iterator is too old.', { cause: error })
    if (error.code === 'ResourceNotFoundException')
      throw new StreamNotFound(`Stream not found: ${arn}`, { cause: error })
    const action = call.target.split('.').at(-1) ?? ''
    const text = `Error occurred while ${action}. Error Code: ${error.code}. Error Message: ${error.message}`
    throw isPositionNotFound(error)
      ? new PositionNotFound(text, { cause: error })
      : new SourceFault(text, { cause: error })
  }
}

/** DynamoDB has an exception for expired positions. Foreign ones are invalid arguments, as other mistakes are. */
function isPositionNotFound({ code, message }: AwsRefusal): boolean {
  if (code === 'TrimmedDataAccessException') return true
  const isInvalid = code === 'InvalidArgumentException' || code === 'ValidationException'
  return isInvalid && /sequence ?number/i.test(message)
}
