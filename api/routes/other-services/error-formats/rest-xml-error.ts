import { queryError } from './query-error.ts'
import type { ErrorFormat } from './error-format.ts'

/** REST with XML: Route 53, CloudFront. Errors are those of AWS Query. */
export const restXmlError: ErrorFormat = queryError
