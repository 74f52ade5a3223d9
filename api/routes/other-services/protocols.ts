import type { IncomingHttpHeaders } from 'node:http'
import { cborError } from './error-formats/cbor-error.ts'
import { ec2Error } from './error-formats/ec2-error.ts'
import { jsonError } from './error-formats/json-error.ts'
import { queryError } from './error-formats/query-error.ts'
import { restJsonError } from './error-formats/rest-json-error.ts'
import { restXmlError } from './error-formats/rest-xml-error.ts'
import { s3Error } from './error-formats/s3-error.ts'
import type { ErrorFormat } from './error-formats/error-format.ts'

/** Services whose requests do not always tell what they are written in, by the name in signatures. All others follow their requests. */
const formats: ReadonlyMap<string, ErrorFormat> = new Map([
  ...named(s3Error, ['s3', 's3express', 's3-object-lambda', 's3-outposts']),
  ...named(restXmlError, ['route53', 'cloudfront']),
  ...named(ec2Error, ['ec2', 'sdb']),
  ...named(queryError, ['sts', 'iam', 'sns', 'cloudformation', 'autoscaling', 'elasticloadbalancing', 'rds']),
  ...named(queryError, ['redshift', 'elasticache', 'elasticbeanstalk', 'importexport']),
])

/** The format in which the client of a request reads errors: what the request is written in, else what its service speaks. */
export function errorFormatOf(service: string, headers: IncomingHttpHeaders): ErrorFormat {
  const contentType = headers['content-type'] ?? ''
  if (headers['smithy-protocol'] === 'rpc-v2-cbor') return cborError
  if (contentType.startsWith('application/x-amz-json-') || headers['x-amz-target'] !== undefined) return jsonError
  const known = formats.get(service)
  if (known !== undefined) return known
  // Amazon SES speaks both, CloudWatch and SQS did until 2023.
  return contentType.startsWith('application/x-www-form-urlencoded') ? queryError : restJsonError
}

function named(format: ErrorFormat, services: readonly string[]): [string, ErrorFormat][] {
  return services.map((service) => [service, format])
}
