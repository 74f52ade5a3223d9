import { resolve } from 'node:path'
import type { KubernetesSettings } from '../../k8s/settings.ts'
import type { GivenSettings } from './given-settings.ts'
import { readKubernetes, readRegistries } from './kubernetes.ts'
import type { Reader } from './readers.ts'
import { settingsTable, type SettingName } from './table.ts'

/** The server's configuration. Every default is safe on one machine. */
export interface Settings {
  readonly host: string
  readonly port: number
  /** Format of the lines on standard output and standard error. */
  readonly logFormat: 'text' | 'json'
  /** Absolute path of the data folder. */
  readonly dataFolder: string
  readonly accountId: string
  readonly region: string
  /** The domain of function URLs, optionally with a scheme; without it they are paths on the server's own address. */
  readonly urlHost?: string
  /** Host names that a server on loopback accepts; lower case, without a port. */
  readonly allowedHosts: readonly string[]
  /** Absolute file of access keys; without it any signature is accepted. */
  readonly credentialsFile?: string
  readonly driver: 'process' | 'kubernetes'
  /** What must be isolated of local processes. */
  readonly isolation: 'auto' | 'required' | 'none'
  /** Settings of the driver `kubernetes`. */
  readonly kubernetes?: KubernetesSettings
  /** Concurrent invocations over all functions. */
  readonly concurrency: number
  /** How long an idle environment is kept, in milliseconds. */
  readonly idleMs: number
  /** How long requests are still accepted after SIGTERM, in milliseconds. */
  readonly drainMs: number
  /** Delay before the first retry of a failed asynchronous invocation; the second waits twice as long. */
  readonly retryDelayMs: number
  /** How many failed events of each function are kept for replay. */
  readonly maxFailedEvents: number
  /** Endpoints of the services of destinations: an address, or `aws` for AWS itself. */
  readonly destinations: {
    readonly sqs?: string
    readonly sns?: string
    readonly events?: string
    readonly s3?: string
  }
  /** Endpoints of event sources: an address, or `aws` for AWS itself; sources without one are not read. */
  readonly sourceEndpoints: {
    readonly sqs?: string
    readonly kinesis?: string
    readonly dynamodb?: string
    /** MSK, which provides the brokers of its clusters. */
    readonly kafka?: string
    readonly secretsmanager?: string
  }
  /** The S3 endpoint for deployment packages that are given by bucket and key. */
  readonly s3Endpoint?: string
  /** How to access image registries; absent when images cannot run. */
  readonly registries?: { readonly plainRegistries: readonly string[]; readonly credentialsFile?: string }
  /** The source of layers of other accounts. */
  readonly layerEndpoint?: string
  /** Of EC2: an address, or `aws`. */
  readonly ec2Endpoint?: string
  /** The Redis that servers share; without it, all data is in the data folder. */
  readonly redisUrl?: string
  /** Redis servers whose streams mappings may read, by name. */
  readonly redisSources: Readonly<Record<string, string>>
  /** Where servers share code archives; without it, they are in the data folder. */
  readonly codeUrl?: string
  /** Most bytes of packages over all versions of functions and layers. */
  readonly maxCodeBytes: number
}

/** Reads one setting by its row of the table. */
export type Read = <Name extends SettingName>(name: Name) => ReturnType<(typeof settingsTable)[Name]['read']>

/** Checks the given settings; an invalid value is a `SettingsError` that names its source. */
export function readSettings(given: GivenSettings): Settings {
  const read: Read = (name) => {
    const found = given.get(name)
    const reader = settingsTable[name].read as Reader<ReturnType<(typeof settingsTable)[typeof name]['read']>>
    return reader(found?.source ?? name, found?.value)
  }
  const isKubernetes = read('KUBELAMBDA_DRIVER') === 'kubernetes'
  // Read with every driver, so that invalid values are reported.
  const kubernetes = readKubernetes(read)
  const registries = readRegistries(read)
  const credentialsFile = read('KUBELAMBDA_CREDENTIALS_FILE')
  return {
    host: read('KUBELAMBDA_HOST'),
    port: read('KUBELAMBDA_PORT'),
    logFormat: read('KUBELAMBDA_LOG_FORMAT') === 'json' ? 'json' : 'text',
    dataFolder: resolve(read('KUBELAMBDA_DATA')),
    accountId: read('KUBELAMBDA_ACCOUNT_ID'),
    region: read('KUBELAMBDA_REGION'),
    ...optional('credentialsFile', credentialsFile === undefined ? undefined : resolve(credentialsFile)),
    ...optional('urlHost', read('KUBELAMBDA_URL_HOST')),
    allowedHosts: allowedHosts(read),
    driver: isKubernetes ? 'kubernetes' : 'process',
    isolation: read('KUBELAMBDA_ISOLATION') as Settings['isolation'],
    ...(isKubernetes ? { kubernetes, registries } : {}),
    maxCodeBytes: read('KUBELAMBDA_CODE_BYTES'),
    concurrency: read('KUBELAMBDA_CONCURRENCY'),
    idleMs: read('KUBELAMBDA_IDLE_SECONDS') * 1000,
    drainMs: read('KUBELAMBDA_DRAIN_SECONDS') * 1000,
    retryDelayMs: read('KUBELAMBDA_RETRY_SECONDS') * 1000,
    maxFailedEvents: read('KUBELAMBDA_FAILED_EVENTS'),
    ...readEndpoints(read),
    redisSources: namedServers(read('KUBELAMBDA_REDIS_SOURCES')),
    ...optional('s3Endpoint', read('KUBELAMBDA_S3_ENDPOINT')),
    ...optional('layerEndpoint', read('KUBELAMBDA_LAYER_ENDPOINT')),
    ...optional('ec2Endpoint', read('KUBELAMBDA_EC2_ENDPOINT')),
    ...optional('redisUrl', read('KUBELAMBDA_REDIS_URL')),
    ...optional('codeUrl', read('KUBELAMBDA_CODE_URL')),
  }
}

/** Adds the configured host of function URLs. */
function allowedHosts(read: Read): readonly string[] {
  const urlHost = read('KUBELAMBDA_URL_HOST')
  const hosts = [
    ...(read('KUBELAMBDA_ALLOWED_HOSTS') ?? '').split(' '),
    read('KUBELAMBDA_HOST'),
    ...(urlHost === undefined ? [] : [new URL(urlHost.includes('://') ? urlHost : `http://${urlHost}`).hostname]),
  ]
  return [...new Set(hosts.filter((each) => each !== '').map((each) => each.toLowerCase()))]
}

/** The endpoint for all services, overridden per service. */
function readEndpoints(read: Read): Pick<Settings, 'destinations' | 'sourceEndpoints'> {
  const forAll = read('KUBELAMBDA_AWS_ENDPOINT')
  const of = <Key extends string>(key: Key, endpoint: string | undefined) => optional(key, endpoint ?? forAll)
  const sqs = of('sqs', read('KUBELAMBDA_SQS_ENDPOINT'))
  return {
    destinations: {
      ...sqs,
      ...of('sns', read('KUBELAMBDA_SNS_ENDPOINT')),
      ...of('events', read('KUBELAMBDA_EVENTS_ENDPOINT')),
      ...of('s3', read('KUBELAMBDA_S3_ENDPOINT')),
    },
    sourceEndpoints: {
      ...sqs,
      ...of('kinesis', read('KUBELAMBDA_KINESIS_ENDPOINT')),
      ...of('dynamodb', read('KUBELAMBDA_DYNAMODB_ENDPOINT')),
      ...of('kafka', read('KUBELAMBDA_KAFKA_ENDPOINT')),
      ...of('secretsmanager', read('KUBELAMBDA_SECRETSMANAGER_ENDPOINT')),
    },
  }
}

function namedServers(given = ''): Settings['redisSources'] {
  const servers = given.split(/\s+/).filter((each) => each !== '')
  return Object.fromEntries(
    servers.map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]),
  )
}

function optional<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: string })
}
