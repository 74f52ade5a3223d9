import { invalidParameterValue, packageErrors } from '../../errors.ts'
import type { Home } from '../function/arn.ts'
import { checkCode, storeCode, type CodeSourceDependencies } from '../code/code-source.ts'
import { packageLimits } from '../code/deployment-package.ts'
import type { FunctionCode, FunctionLayer } from '../function/function.ts'
import { checkLayerReferences, isAwsLayer, layerVersionMissing } from './references.ts'
import type { LayerSource } from './layer-source.ts'
import { parseLayerVersionArn } from './layer.ts'
import type { Layers } from './layers.ts'

export interface LayerResolutionDependencies extends Home, CodeSourceDependencies {
  readonly layers: Pick<Layers, 'find'>
  /** Absent if no source of other accounts' layers is configured. */
  readonly foreignLayers?: LayerSource | undefined
}

/** Resolves the layer versions that a function names. Throws AWS's error for what AWS refuses (reference 2.9). */
export async function resolveLayers(
  dependencies: LayerResolutionDependencies,
  arns: readonly string[],
): Promise<FunctionLayer[]> {
  checkLayerReferences(arns, dependencies)
  return Promise.all(arns.map((arn) => resolveLayer(dependencies, arn)))
}

/** Refuses code that is too large together with the layers. */
export function checkUnzippedSize({ unzippedBytes = 0 }: FunctionCode, layers: readonly FunctionLayer[]): void {
  const sumBytes = layers.reduce((sum, layer) => sum + layer.unzippedBytes, unzippedBytes)
  if (sumBytes > packageLimits.unzippedBytes) throw packageErrors.unzippedTooLarge()
}

async function resolveLayer(dependencies: LayerResolutionDependencies, arn: string): Promise<FunctionLayer> {
  const { accountId, name, version } = parseLayerVersionArn(arn)
  if (accountId !== dependencies.accountId) return foreignLayer(dependencies, arn)
  const found = await dependencies.layers.find(name, version)
  if (found === undefined) throw layerVersionMissing(arn)
  const { object: _object, ...code } = found.code
  return { arn, ...code }
}

async function foreignLayer(dependencies: LayerResolutionDependencies, arn: string): Promise<FunctionLayer> {
  const { foreignLayers } = dependencies
  if (foreignLayers === undefined) {
    throw invalidParameterValue(
      `Layer version ${arn} belongs to ${isAwsLayer(arn) ? 'AWS' : 'another account'}. To have such layers fetched, set KUBELAMBDA_LAYER_ENDPOINT and ` +
        'AWS credentials and start the server again, or publish the layer here.',
    )
  }
  const { zip } = await foreignLayers.fetch(arn)
  const checked = await checkCode(dependencies, { fetched: zip })
  const { sha256, sizeBytes, unzippedBytes = 0 } = await storeCode(dependencies, checked)
  return { arn, sha256, sizeBytes, unzippedBytes }
}
