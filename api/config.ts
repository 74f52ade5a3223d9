import { resolve } from 'node:path'
import type { KubernetesSettings } from '../k8s/settings.ts'
import { kubernetesReaders, readKubernetes, readRegistries } from './config-kubernetes.ts'
import { ConfigError, secret, text, wholeNumber } from './config-readers.ts'

/** What the server is told from outside; every default is safe on one machine. */
export interface Config {
  readonly host: string
  readonly port: number
  /** Absolute folder that holds all that is kept. */
  readonly dataFolder: string
  readonly accountId: string
  readonly region: string
  /** Absolute file of the access keys that may call; without it any signature is accepted. */
  readonly credentialsFile?: string
  readonly driver: 'process' | 'kubernetes'
  /** Settings of the driver `kubernetes`. */
  readonly kubernetes?: KubernetesSettings
  /** Invocations that may run at once over all functions. */
  readonly concurrency: number
  /** How long an environment without work is kept, in milliseconds. */
  readonly idleMs: number
  /** How long a server that is to end still takes requests, until nobody sends it any, in milliseconds. */
  readonly drainMs: number
  /** How long the first retry of a failed asynchronous invocation waits; the second waits twice as long. */
  readonly retryDelayMs: number
  /** How many failed events of each function are kept, to be run again. */
  readonly keptFailures: number
  /** Where the services of destinations are reached: an address, or `aws` for AWS itself. */
  readonly destinations: {
    readonly sqs?: string
    readonly sns?: string
    readonly events?: string
    readonly s3?: string
  }
  /** Where event sources are read: an address, or `aws` for AWS itself; those without one are not read. */
  readonly sourceEndpoints: {
    readonly sqs?: string
    readonly kinesis?: string
    readonly dynamodb?: string
    /** Of MSK, which is asked for the brokers of its clusters. */
    readonly kafka?: string
    readonly secretsmanager?: string
  }
  /** Where deployment packages named by bucket and key come from. */
  readonly s3Endpoint?: string
  /** How registries of images are asked; absent where images do not run. */
  readonly registries?: { readonly plainRegistries: readonly string[]; readonly credentialsFile?: string }
  /** Where layers of other accounts come from. */
  readonly layerEndpoint?: string
  /** What replicas share; without it, all is kept in the data folder. */
  readonly redisUrl?: string
  /** Redis servers whose streams mappings may read, by name. */
  readonly redisSources: Readonly<Record<string, string>>
  /** Where replicas share code archives; without it, they are kept in the data folder. */
  readonly codeUrl?: string
}

export { ConfigError }

type Variables = Readonly<Record<string, string | undefined>>

const readers = {
  KUBELAMBDA_HOST: text('127.0.0.1', /^[^\s/]+$/, 'must be a host name or an address'),
  KUBELAMBDA_PORT: wholeNumber(9000, 0, 65_535),
  KUBELAMBDA_DATA: text('.kubelambda', /./, 'must be a folder'),
  KUBELAMBDA_ACCOUNT_ID: text('000000000000', /^\d{12}$/, 'must be 12 digits'),
  KUBELAMBDA_REGION: text('us-east-1', /^[a-z]{2,4}(-[a-z]+)+-\d$/, 'must be a region such as us-east-1'),
  KUBELAMBDA_CREDENTIALS_FILE: text(undefined, /./, 'must be a file'),
  KUBELAMBDA_DRIVER: text('process', /^(process|kubernetes)$/, 'must be process or kubernetes'),
  KUBELAMBDA_CONCURRENCY: wholeNumber(1000, 1, 100_000),
  KUBELAMBDA_IDLE_SECONDS: wholeNumber(300, 1, 86_400),
  KUBELAMBDA_DRAIN_SECONDS: wholeNumber(0, 0, 300),
  KUBELAMBDA_RETRY_SECONDS: wholeNumber(60, 0, 3600),
  KUBELAMBDA_FAILED_EVENTS: wholeNumber(1000, 0, 1_000_000),
  KUBELAMBDA_AWS_ENDPOINT: serviceEndpoint(),
  KUBELAMBDA_SQS_ENDPOINT: serviceEndpoint(),
  KUBELAMBDA_SNS_ENDPOINT: serviceEndpoint(),
  KUBELAMBDA_EVENTS_ENDPOINT: serviceEndpoint(),
  KUBELAMBDA_KINESIS_ENDPOINT: serviceEndpoint(),
  KUBELAMBDA_DYNAMODB_ENDPOINT: serviceEndpoint(),
  KUBELAMBDA_KAFKA_ENDPOINT: serviceEndpoint(),
  KUBELAMBDA_SECRETSMANAGER_ENDPOINT: serviceEndpoint(),
  KUBELAMBDA_S3_ENDPOINT: text(undefined, /^https?:\/\/\S+$/, 'must be an http or https address'),
  KUBELAMBDA_LAYER_ENDPOINT: text(undefined, /^https?:\/\/\S+$/, 'must be an http or https address'),
  KUBELAMBDA_REDIS_URL: secret(
    /^rediss?(\+(sentinel|cluster))?:\/\/\S+$/,
    'must be like redis://host:6379, redis+sentinel://host:26379,host:26379/master-name or redis+cluster://host:6379,host:6379 (rediss for TLS)',
  ),
  KUBELAMBDA_REDIS_SOURCES: secret(
    /^[\w.-]+=rediss?(\+(sentinel|cluster))?:\/\/\S+(\s+[\w.-]+=rediss?(\+(sentinel|cluster))?:\/\/\S+)*$/,
    'must be like name=redis://host:6379, with spaces between servers',
  ),
  KUBELAMBDA_CODE_URL: text(
    undefined,
    /^(file:\/\/\/\S+|s3:\/\/[^/\s]+(\/\S*)?)$/,
    'must be like file:///folder or s3://bucket/prefix',
  ),
  ...kubernetesReaders,
} as const

type Setting = keyof typeof readers

/** Reads the settings; an unusable or unknown one is a `ConfigError`. */
export function readConfig(variables: Variables): Config {
  const unknown = Object.keys(variables).find((name) => name.startsWith('KUBELAMBDA_') && !(name in readers))
  if (unknown !== undefined) {
    throw new ConfigError(`${unknown} is not a setting. Settings are ${Object.keys(readers).join(', ')}.`)
  }
  const read = <Value>(name: Setting, reader: (name: string, given: string | undefined) => Value) =>
    reader(name, variables[name])
  const s3Endpoint = read('KUBELAMBDA_S3_ENDPOINT', readers.KUBELAMBDA_S3_ENDPOINT)
  const layerEndpoint = read('KUBELAMBDA_LAYER_ENDPOINT', readers.KUBELAMBDA_LAYER_ENDPOINT)
  const isKubernetes = read('KUBELAMBDA_DRIVER', readers.KUBELAMBDA_DRIVER) === 'kubernetes'
  const kubernetes = readKubernetes(read)
  const registries = readRegistries(read)
  const redisUrl = read('KUBELAMBDA_REDIS_URL', readers.KUBELAMBDA_REDIS_URL)
  const credentialsFile = read('KUBELAMBDA_CREDENTIALS_FILE', readers.KUBELAMBDA_CREDENTIALS_FILE)
  const codeUrl = read('KUBELAMBDA_CODE_URL', readers.KUBELAMBDA_CODE_URL)
  return {
    host: read('KUBELAMBDA_HOST', readers.KUBELAMBDA_HOST) ?? '',
    port: read('KUBELAMBDA_PORT', readers.KUBELAMBDA_PORT),
    dataFolder: resolve(read('KUBELAMBDA_DATA', readers.KUBELAMBDA_DATA) ?? ''),
    accountId: read('KUBELAMBDA_ACCOUNT_ID', readers.KUBELAMBDA_ACCOUNT_ID) ?? '',
    region: read('KUBELAMBDA_REGION', readers.KUBELAMBDA_REGION) ?? '',
    ...(credentialsFile === undefined ? {} : { credentialsFile: resolve(credentialsFile) }),
    driver: isKubernetes ? 'kubernetes' : 'process',
    ...(isKubernetes ? { kubernetes, registries } : {}),
    concurrency: read('KUBELAMBDA_CONCURRENCY', readers.KUBELAMBDA_CONCURRENCY),
    idleMs: read('KUBELAMBDA_IDLE_SECONDS', readers.KUBELAMBDA_IDLE_SECONDS) * 1000,
    drainMs: read('KUBELAMBDA_DRAIN_SECONDS', readers.KUBELAMBDA_DRAIN_SECONDS) * 1000,
    retryDelayMs: read('KUBELAMBDA_RETRY_SECONDS', readers.KUBELAMBDA_RETRY_SECONDS) * 1000,
    keptFailures: read('KUBELAMBDA_FAILED_EVENTS', readers.KUBELAMBDA_FAILED_EVENTS),
    destinations: destinationsOf((name) => read(name, readers[name])),
    redisSources: namedServers(read('KUBELAMBDA_REDIS_SOURCES', readers.KUBELAMBDA_REDIS_SOURCES)),
    sourceEndpoints: sourcesOf((name) => read(name, readers[name])),
    ...(s3Endpoint === undefined ? {} : { s3Endpoint }),
    ...(layerEndpoint === undefined ? {} : { layerEndpoint }),
    ...(redisUrl === undefined ? {} : { redisUrl }),
    ...(codeUrl === undefined ? {} : { codeUrl }),
  }
}

type ReadEndpoint<Service extends string> = (name: `KUBELAMBDA_${'AWS' | Service}_ENDPOINT`) => string | undefined

/** One endpoint for all, and others for single services. */
function destinationsOf(read: ReadEndpoint<'SQS' | 'SNS' | 'EVENTS' | 'S3'>): Config['destinations'] {
  const of = endpointOr(read('KUBELAMBDA_AWS_ENDPOINT'))
  return {
    ...of('sqs', read('KUBELAMBDA_SQS_ENDPOINT')),
    ...of('sns', read('KUBELAMBDA_SNS_ENDPOINT')),
    ...of('events', read('KUBELAMBDA_EVENTS_ENDPOINT')),
    ...of('s3', read('KUBELAMBDA_S3_ENDPOINT')),
  }
}

function sourcesOf(
  read: ReadEndpoint<'SQS' | 'KINESIS' | 'DYNAMODB' | 'KAFKA' | 'SECRETSMANAGER'>,
): Config['sourceEndpoints'] {
  const of = endpointOr(read('KUBELAMBDA_AWS_ENDPOINT'))
  return {
    ...of('sqs', read('KUBELAMBDA_SQS_ENDPOINT')),
    ...of('kinesis', read('KUBELAMBDA_KINESIS_ENDPOINT')),
    ...of('dynamodb', read('KUBELAMBDA_DYNAMODB_ENDPOINT')),
    ...of('kafka', read('KUBELAMBDA_KAFKA_ENDPOINT')),
    ...of('secretsmanager', read('KUBELAMBDA_SECRETSMANAGER_ENDPOINT')),
  }
}

function namedServers(given = ''): Config['redisSources'] {
  const servers = given.split(/\s+/).filter((each) => each !== '')
  return Object.fromEntries(
    servers.map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]),
  )
}

function endpointOr(forAll: string | undefined) {
  return <Key extends string>(key: Key, endpoint = forAll): { readonly [K in Key]?: string } =>
    endpoint === undefined ? {} : ({ [key]: endpoint } as { readonly [K in Key]: string })
}

function serviceEndpoint() {
  return text(undefined, /^(aws|https?:\/\/\S+)$/, 'must be an http or https address, or aws')
}
