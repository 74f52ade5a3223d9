import type { AwsServices } from '../../../aws/services.ts'

/** The same lifetime as in AWS's MSK signers. Then brokers close the session, or demand another token. */
const expiresSeconds = 900

/**
 * Creates a token for SASL/OAUTHBEARER with MSK brokers that use IAM access control: a URL that is presigned for `kafka-cluster`, followed by
 * the user agent, in base64url (AWS's aws-msk-iam-sasl-signer libraries).
 */
export async function iamToken(services: AwsServices, region: string): Promise<string> {
  const url = `https://kafka.${region}.amazonaws.com/?Action=kafka-cluster%3AConnect`
  const signed = await services.presign({ service: 'kafka-cluster', region, url, expiresSeconds })
  return Buffer.from(`${signed}&User-Agent=kubelambda`).toString('base64url')
}
