import type { AwsServices } from '../../../aws/services.ts'

/** As long as AWS's own signers of MSK have it; brokers end the session then, or ask for another token. */
const expiresSeconds = 900

/**
 * A token that enters brokers of MSK with IAM access control, by SASL/OAUTHBEARER: an address signed for `kafka-cluster`, with
 * who asks behind the signature, in base64url (AWS's aws-msk-iam-sasl-signer libraries).
 */
export async function iamToken(services: AwsServices, region: string): Promise<string> {
  const url = `https://kafka.${region}.amazonaws.com/?Action=kafka-cluster%3AConnect`
  const signed = await services.presign({ service: 'kafka-cluster', region, url, expiresSeconds })
  return Buffer.from(`${signed}&User-Agent=kubelambda`).toString('base64url')
}
