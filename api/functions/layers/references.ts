import { invalidParameterValue } from '../../errors.ts'
import type { Home } from '../function/arn.ts'

const maxLayers = 5

/** Refuses invalid lists of layer versions (reference 2.9), layers of other regions first. Does not check whether they exist. */
export function checkLayerReferences(arns: readonly string[], home: Home): void {
  if (arns.some((arn) => !isAwsLayer(arn) && arn.split(':')[3] !== home.region)) {
    throw invalidParameterValue(
      'Layers are not in the same region as the function. ' + `Layers are expected to be in region ${home.region}.`,
    )
  }
  if (arns.length > maxLayers) throw invalidParameterValue(`Cannot reference more than ${maxLayers} layers.`)
  const byLayer = new Map<string, string>()
  for (const arn of arns) {
    const layer = isAwsLayer(arn) ? arn : arn.slice(0, arn.lastIndexOf(':'))
    const other = byLayer.get(layer)
    if (other !== undefined) throw sameLayerTwice(other, arn)
    byLayer.set(layer, arn)
  }
}

/** Whether it is a layer of AWS itself, whose ARN has neither region nor account nor version. */
export function isAwsLayer(arn: string): boolean {
  return arn.split(':')[5] === 'awslayer'
}

/** The error for a layer version that does not exist. */
export function layerVersionMissing(arn: string): Error {
  return invalidParameterValue(`Layer version ${arn} does not exist.`)
}

function sameLayerTwice(one: string, other: string): Error {
  return invalidParameterValue(
    'Two different versions of the same layer are not allowed to be referenced in the same function. ' +
      `${one} and ${other} are versions of the same layer.`,
  )
}
