import { invalidRequestContent, kinds, LambdaError } from '../../../errors.ts'
import { findJsonFault } from '../../../invoke/json/json-fault.ts'
import { hasTooManyValues, nestsTooDeep } from '../../../invoke/json/json-limits.ts'
import { BrokenJson, decode, type Decoded, type RawRequest } from '../../../model/decode.ts'
import { operation as operationOf, type OperationName } from '../../../model/operations.ts'
import { validate } from '../../../model/validation/validate.ts'
import { isPayload } from './body-limits.ts'

/** The input of an operation, decoded and validated. Throws AWS's error for one that is not valid. */
export function decodeBody(name: OperationName, request: RawRequest): Decoded {
  const operation = operationOf(name)
  // The event of an invocation is checked where it is read.
  if (!isPayload(name)) {
    if (nestsTooDeep(request.body)) throw brokenJson(request.body)
    if (hasTooManyValues(request.body)) throw new LambdaError(kinds.requestEntityTooLarge, tooManyValues, {})
  }
  try {
    const input = decode(operation, request)
    validate(operation, input)
    return input
  } catch (error) {
    throw error instanceof BrokenJson ? brokenJson(error.body) : error
  }
}

const tooManyValues = 'The request body has too many values.'

/** In larger bodies the position of a syntax error is not determined. */
const searchedBytes = 1_048_576

/** The error for a body that is not JSON. */
function brokenJson(body: Buffer): LambdaError {
  const fault = body.length > searchedBytes ? undefined : findJsonFault(body)
  return invalidRequestContent(`Could not parse request body into json${fault === undefined ? '' : `: ${fault}`}`)
}
