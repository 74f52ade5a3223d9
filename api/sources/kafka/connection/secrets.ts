import { AwsRefusal, type AwsServices, type ServiceCall, type ServiceQuestion } from '../../../aws/services.ts'
import { SourceFault } from '../../polling/source.ts'

/** Calls a service for a mapping. A rejection becomes a `SourceFault` that the mapping can show. */
export async function askService<Answer>(
  services: AwsServices,
  action: string,
  call: ServiceCall | ServiceQuestion,
): Promise<Answer> {
  try {
    return (await services.call(call)) as Answer
  } catch (cause) {
    if (!(cause instanceof AwsRefusal)) throw cause
    const reason = `Error Code: ${cause.code}. Error Message: ${cause.message}`
    throw new SourceFault(`Error occurred while ${action}. ${reason}`, { cause })
  }
}

/** Reads a secret of Secrets Manager that is an object of strings, such as `{"username": …, "password": …}`. */
export async function readSecret<Name extends string>(
  services: AwsServices,
  arn: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, string>> & Readonly<Record<string, unknown>>> {
  const { SecretString = '' } = await askService<{ SecretString?: string }>(services, 'GetSecretValue', {
    service: 'secretsmanager',
    region: arn.split(':')[3] ?? '',
    target: 'secretsmanager.GetSecretValue',
    input: { SecretId: arn },
  })
  const secret = objectIn(SecretString)
  if (names.some((name) => typeof secret[name] !== 'string'))
    throw new SourceFault(`The secret ${arn} must be a JSON object with ${names.join(' and ')}.`)
  return secret as Readonly<Record<Name, string>>
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>
  } catch {
    return {}
  }
}
