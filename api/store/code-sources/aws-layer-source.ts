import { createHash } from 'node:crypto'
import type { LambdaClient } from '@aws-sdk/client-lambda'
import { invalidParameterValue, kinds, LambdaError, packageErrors } from '../../errors.ts'
import { packageLimits } from '../../functions/code/deployment-package.ts'
import { layerVersionMissing } from '../../functions/layers/references.ts'
import type { LayerSource } from '../../functions/layers/layer-source.ts'

const downloadMs = 120_000

/**
 * Fetches layers of other accounts from AWS, or from another endpoint that speaks its API. Authenticates with the server's own credentials:
 * those that AWS's SDK finds (`AWS_ACCESS_KEY_ID` and so on, profiles, roles of pods and machines).
 */
export function createAwsLayerSource(endpoint: string, region: string): LayerSource {
  let client: Promise<LambdaClient> | undefined
  return {
    async fetch(arn) {
      // Loaded at first use: most servers never need it, and it is slow to load.
      client ??= import('@aws-sdk/client-lambda').then((sdk) => new sdk.LambdaClient({ endpoint, region }))
      try {
        return { zip: await fetchLayer(await client, arn) }
      } catch (error) {
        throw refusal(error, arn, endpoint)
      }
    },
  }
}

async function fetchLayer(client: LambdaClient, arn: string): Promise<Buffer> {
  const { GetLayerVersionByArnCommand } = await import('@aws-sdk/client-lambda')
  const { Content } = await client.send(new GetLayerVersionByArnCommand({ Arn: arn }))
  const { Location = '', CodeSize = 0, CodeSha256 } = Content ?? {}
  if (CodeSize > packageLimits.unzippedBytes) throw packageErrors.unzippedTooLarge()
  const answer = await fetch(Location, { signal: AbortSignal.timeout(downloadMs) })
  if (!answer.ok) throw new Error(`The download of layer version ${arn} was answered with ${answer.status}.`)
  const zip = Buffer.from(await answer.arrayBuffer())
  if (CodeSha256 !== createHash('sha256').update(zip).digest('base64')) {
    throw new Error(`The download of layer version ${arn} is not what its endpoint says it is.`)
  }
  return zip
}

/** Translates what the endpoint refused into an error for the caller. Network faults and internal errors of the endpoint stay internal errors. */
function refusal(error: unknown, arn: string, endpoint: string): unknown {
  if (!(error instanceof Error) || error instanceof LambdaError) return error
  if (error.name === 'CredentialsProviderError') {
    return invalidParameterValue(`Layer version ${arn} cannot be asked for at ${endpoint} without AWS credentials.`)
  }
  if (!('$metadata' in error)) return error
  const status = (error.$metadata as { httpStatusCode?: number }).httpStatusCode ?? 500
  if (status === 404) return layerVersionMissing(arn)
  if (status === 403) return new LambdaError(kinds.accessDenied, `${endpoint} refuses layer version ${arn}.`, {})
  return status >= 500 ? error : invalidParameterValue(`Layer version ${arn} was refused: ${error.message}`)
}
