import { kubernetesTable } from './kubernetes-table.ts'
import { hostName, secret, serviceEndpoint, text, wholeNumber, type Reader } from './readers.ts'

/** One setting: the check of its value, and its text for the documentation and `--help`. */
export interface Setting<Value = unknown> {
  readonly read: Reader<Value>
  readonly section: Section
  /** The placeholder of the value in `--help`, such as `<seconds>`. */
  readonly value: string
  /** The default, as the documentation shows it; absent if there is none. */
  readonly fallback?: string
  /** One sentence or more in Markdown, without the closing full stop. */
  readonly meaning: string
  /** Whether `--help` lists it. */
  readonly isCommon?: boolean
}

export const sections = ['Server', 'Storage', 'Invocations', 'AWS services', 'Event sources', 'Kubernetes'] as const
export type Section = (typeof sections)[number]

const redisAddress = String.raw`rediss?(\+(sentinel|cluster))?:\/\/\S+`
const anyFile = /./

/** The endpoint of one service, which overrides `KUBELAMBDA_AWS_ENDPOINT`. */
function endpointOf(service: string, use: string) {
  return {
    read: serviceEndpoint(),
    section: 'AWS services' as const,
    value: '<url>',
    meaning: `Endpoint of ${service} (${use}), instead of \`KUBELAMBDA_AWS_ENDPOINT\``,
  }
}

/** Every setting by its variable. `KUBELAMBDA_REDIS_URL` is also the option `--redis-url` and the key `redis-url` of the file. */
export const settingsTable = {
  KUBELAMBDA_HOST: {
    read: text('127.0.0.1', /^[^\s/]+$/, 'must be a host name or an address'),
    section: 'Server',
    value: '<host>',
    fallback: '127.0.0.1',
    meaning:
      'Address to listen on. Without access keys, everyone who reaches it can run code: open it to others only together with `KUBELAMBDA_CREDENTIALS_FILE`',
    isCommon: true,
  },
  KUBELAMBDA_PORT: {
    read: wholeNumber(9000, 0, 65_535),
    section: 'Server',
    value: '<number>',
    fallback: '9000',
    meaning: 'Port to listen on; 0 takes any free port',
    isCommon: true,
  },
  KUBELAMBDA_CREDENTIALS_FILE: {
    read: text(undefined, anyFile, 'must be a file'),
    section: 'Server',
    value: '<file>',
    meaning:
      'JSON file of access keys. With it, every request must be signed with one of them; without it, any signature is accepted',
    isCommon: true,
  },
  KUBELAMBDA_ACCOUNT_ID: {
    read: text('000000000000', /^\d{12}$/, 'must be 12 digits'),
    section: 'Server',
    value: '<digits>',
    fallback: '000000000000',
    meaning: 'Account in ARNs',
    isCommon: true,
  },
  KUBELAMBDA_REGION: {
    read: text('us-east-1', /^[a-z]{2,4}(-[a-z]+)+-\d$/, 'must be a region such as us-east-1'),
    section: 'Server',
    value: '<region>',
    fallback: 'us-east-1',
    meaning: 'Region in ARNs and signatures',
    isCommon: true,
  },
  KUBELAMBDA_URL_HOST: {
    read: hostName(),
    section: 'Server',
    value: '<host>',
    meaning:
      'Host of function URLs, with its port, such as `localhost:9000` or `https://example.org`: they are then `<id>.lambda-url.<region>.<host>`. Without it, they are paths on the address that the client used',
  },
  KUBELAMBDA_ALLOWED_HOSTS: {
    read: text(
      undefined,
      /^[a-z0-9._-]+( [a-z0-9._-]+)*$/i,
      'must be host names without ports, separated by spaces, such as host.docker.internal',
    ),
    section: 'Server',
    value: '<hosts>',
    meaning:
      'Names, separated by spaces and without ports, by which clients call a server that listens on loopback, such as `host.docker.internal`. Names of loopback and the host in `KUBELAMBDA_URL_HOST` are always allowed; requests to others are refused with status 403, as [web pages](security.md#browsers) can send them',
  },
  KUBELAMBDA_LOG_FORMAT: {
    read: text('text', /^(text|json)$/, 'must be text or json'),
    section: 'Server',
    value: '<format>',
    fallback: 'text',
    meaning: 'Format of the lines on standard output and standard error: `text`, or `json` for one JSON object a line',
    isCommon: true,
  },
  KUBELAMBDA_DRAIN_SECONDS: {
    read: wholeNumber(0, 0, 300),
    section: 'Server',
    value: '<seconds>',
    fallback: '0',
    meaning:
      'How long the server still accepts requests after SIGTERM, while `/health` is 503 and each response has `Connection: close`. Set it to the time that a load balancer needs to notice',
  },
  KUBELAMBDA_DATA: {
    read: text('.kubelambda', anyFile, 'must be a folder'),
    section: 'Storage',
    value: '<folder>',
    fallback: '.kubelambda',
    meaning: 'Folder for functions, code and events; with Redis, for unpacked code. Each server needs its own',
    isCommon: true,
  },
  KUBELAMBDA_REDIS_URL: {
    read: secret(
      new RegExp(`^${redisAddress}$`),
      'must be like redis://host:6379, redis+sentinel://host:26379,host:26379/master-name or redis+cluster://host:6379,host:6379 (rediss for TLS)',
    ),
    section: 'Storage',
    value: '<url>',
    meaning:
      'Redis that several servers share: `redis://[user:password@]host[:6379][/db]`, `redis+sentinel://host[:26379],…/master-name[/db]` or `redis+cluster://host[:6379],…`; `rediss` for TLS',
    isCommon: true,
  },
  KUBELAMBDA_CODE_URL: {
    read: text(
      undefined,
      /^(file:\/\/\/\S+|s3:\/\/[^/\s]+(\/\S*)?)$/,
      'must be like file:///folder or s3://bucket/prefix',
    ),
    section: 'Storage',
    value: '<url>',
    meaning:
      'Where servers share code archives: `file:///folder` or `s3://bucket/prefix`. Without it, code stays in the data folder, and a server with Redis warns',
    isCommon: true,
  },
  KUBELAMBDA_CODE_BYTES: {
    read: wholeNumber(80_530_636_800, 0, Number.MAX_SAFE_INTEGER),
    section: 'Storage',
    value: '<bytes>',
    fallback: '80530636800',
    meaning:
      'Most bytes of packages over all versions of functions and layers, each version counted; more is refused with `CodeStorageExceededException`',
  },
  KUBELAMBDA_DRIVER: {
    read: text('process', /^(process|kubernetes)$/, 'must be process or kubernetes'),
    section: 'Invocations',
    value: '<driver>',
    fallback: 'process',
    meaning: 'Where functions run: `process` for local processes, `kubernetes` for pods',
    isCommon: true,
  },
  KUBELAMBDA_ISOLATION: {
    read: text('auto', /^(auto|required|none)$/, 'must be auto, required or none'),
    section: 'Invocations',
    value: '<what>',
    fallback: 'auto',
    meaning:
      "How local processes are [isolated](security.md#on-one-machine). `auto`: as well as the machine allows; a server that runs as root does not start when functions would run as root. `required`: the server does not start without a sandbox. `none`: functions are plain processes of the server's user, root included",
  },
  KUBELAMBDA_CONCURRENCY: {
    read: wholeNumber(1000, 1, 100_000),
    section: 'Invocations',
    value: '<number>',
    fallback: '1000',
    meaning: 'Concurrent invocations of the account; one more is throttled with status 429',
  },
  KUBELAMBDA_IDLE_SECONDS: {
    read: wholeNumber(300, 1, 86_400),
    section: 'Invocations',
    value: '<seconds>',
    fallback: '300',
    meaning: 'How long an idle environment is kept',
  },
  KUBELAMBDA_RETRY_SECONDS: {
    read: wholeNumber(60, 0, 3600),
    section: 'Invocations',
    value: '<seconds>',
    fallback: '60',
    meaning: 'Delay before the first retry of a failed asynchronous invocation; the second retry waits twice as long',
  },
  KUBELAMBDA_FAILED_EVENTS: {
    read: wholeNumber(1000, 0, 1_000_000),
    section: 'Invocations',
    value: '<number>',
    fallback: '1000',
    meaning: 'Failed asynchronous events kept for each function, so that they can be run again',
  },
  KUBELAMBDA_LAYER_ENDPOINT: {
    read: text(undefined, /^https?:\/\/\S+$/, 'must be an http or https address'),
    section: 'Invocations',
    value: '<url>',
    meaning:
      'Lambda endpoint from which layers of other accounts are downloaded, such as `https://lambda.us-east-1.amazonaws.com`, with credentials from `AWS_*`. Without it, such layers are refused',
  },
  KUBELAMBDA_AWS_ENDPOINT: {
    read: serviceEndpoint(),
    section: 'AWS services',
    value: '<url>',
    meaning:
      'Endpoint for destinations, dead-letter queues and event sources: an address for all services, or `aws` for AWS itself',
    isCommon: true,
  },
  KUBELAMBDA_SQS_ENDPOINT: endpointOf('SQS', 'queues and destinations'),
  KUBELAMBDA_SNS_ENDPOINT: endpointOf('SNS', 'destinations'),
  KUBELAMBDA_EVENTS_ENDPOINT: endpointOf('EventBridge', 'destinations'),
  KUBELAMBDA_KINESIS_ENDPOINT: endpointOf('Kinesis', 'streams'),
  KUBELAMBDA_DYNAMODB_ENDPOINT: endpointOf('DynamoDB', 'streams of tables'),
  KUBELAMBDA_KAFKA_ENDPOINT: endpointOf('MSK', 'brokers of Kafka clusters'),
  KUBELAMBDA_SECRETSMANAGER_ENDPOINT: endpointOf('Secrets Manager', 'credentials for Kafka'),
  KUBELAMBDA_EC2_ENDPOINT: {
    read: serviceEndpoint(),
    section: 'AWS services',
    value: '<url>',
    meaning:
      'Endpoint of EC2, in which subnets and security groups of functions are looked up. Without it they are stored unchecked; `KUBELAMBDA_AWS_ENDPOINT` does not count',
  },
  KUBELAMBDA_S3_ENDPOINT: {
    read: text(undefined, /^https?:\/\/\S+$/, 'must be an http or https address'),
    section: 'AWS services',
    value: '<url>',
    meaning:
      'S3-compatible server for code given as bucket and key, for failure destinations, and for `KUBELAMBDA_CODE_URL`, with credentials from `AWS_*`',
  },
  KUBELAMBDA_REDIS_SOURCES: {
    read: secret(
      new RegExp(String.raw`^[\w.-]+=${redisAddress}(\s+[\w.-]+=${redisAddress})*$`),
      'must be like name=redis://host:6379, with spaces between servers',
    ),
    section: 'Event sources',
    value: '<name=url>',
    meaning:
      'Redis servers whose streams mappings may read: `name=redis://host:6379`, separated by spaces, with addresses as in `KUBELAMBDA_REDIS_URL`',
  },
  ...kubernetesTable,
} as const satisfies Readonly<Record<string, Setting>>

export type SettingName = keyof typeof settingsTable

/** The rows with their names, in the table's order. */
export const settingRows = Object.entries(settingsTable) as [SettingName, Setting][]

/** `redis-url` for `KUBELAMBDA_REDIS_URL`: the key in the file, and the option after `--`. */
export function keyOf(name: SettingName): string {
  return name.slice('KUBELAMBDA_'.length).toLowerCase().replaceAll('_', '-')
}
