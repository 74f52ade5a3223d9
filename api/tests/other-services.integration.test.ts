import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge'
import { HeadBucketCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns'
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { version } from '../version.ts'
import { newDataFolder, startMain, type RunningServer } from '../testing/running-server.ts'

const run = promisify(execFile)
const data = newDataFolder()
const folder = mkdtempSync(join(tmpdir(), 'kubelambda-services-'))
let server: RunningServer
beforeAll(async () => {
  const file = join(folder, 'credentials.json')
  writeFileSync(file, '{"AKIDOWN":{"secret":"own"}}')
  // The strictest case: nothing here is signed by a key that the server knows.
  server = await startMain(data, { KUBELAMBDA_CREDENTIALS_FILE: file })
})
afterAll(async () => {
  await server.end('SIGTERM')
  for (const each of [data, folder]) rmSync(each, { recursive: true, force: true })
})

test('GET / shows what runs here', async () => {
  const answer = await fetch(server.address)
  expect(await answer.json()).toMatchObject({ name: 'kubelambda', version, endpoint: server.address })
  expect((await fetch(server.address, { headers: { accept: 'text/html' } })).headers.get('content-type')).toMatch(
    'html',
  )
})

const isCliThere = spawnSync('aws', ['--version']).status === 0
const describeCli = isCliThere ? describe : describe.skip

describeCli(
  `the AWS CLI with the endpoint of another service${isCliThere ? '' : ' (skipped: aws is not on the PATH)'}`,
  () => {
    const env = {
      ...process.env,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: join(folder, 'none'),
    }
    test.each([
      ['sts get-caller-identity', 'UnsupportedOperation', 'GetCallerIdentity', 'sts'],
      ['iam list-roles', 'UnsupportedOperation', 'ListRoles', 'iam'],
      ['s3 ls', 'NotImplemented', 'ListBuckets', 's3'],
      ['s3 ls s3://bucket', 'NotImplemented', 'ListObjectsV2', 's3'],
      ['dynamodb list-tables', 'UnsupportedOperation', 'ListTables', 'dynamodb'],
      ['logs describe-log-groups', 'UnsupportedOperation', 'DescribeLogGroups', 'logs'],
      ['sqs list-queues', 'UnsupportedOperation', 'ListQueues', 'sqs'],
      ['cloudformation list-stacks', 'UnsupportedOperation', 'ListStacks', 'cloudformation'],
      ['ec2 describe-vpcs', 'UnsupportedOperation', 'DescribeVpcs', 'ec2'],
      ['sns list-topics', 'UnsupportedOperation', 'ListTopics', 'sns'],
      ['cloudwatch list-metrics', 'UnsupportedOperation', 'ListMetrics', 'monitoring'],
      ['apigateway get-rest-apis', 'UnsupportedOperation', 'GetRestApis', 'apigateway'],
      ['route53 list-hosted-zones', 'UnsupportedOperation', 'ListHostedZones', 'route53'],
    ])(
      'aws %s prints %s and what to do',
      async (words, code, operation, service) => {
        const asked = run('aws', [...words.split(' '), '--endpoint-url', server.address], { env })
        const stderr = await asked.then(
          () => 'nothing failed',
          (failure: unknown) => (failure as { stderr: string }).stderr,
        )
        expect(stderr).toContain(`(${code}) when calling the ${operation} operation`)
        expect(stderr).toContain(
          `this request was signed for ${service}. Set the endpoint for Lambda alone (AWS_ENDPOINT_URL_LAMBDA`,
        )
      },
      60_000,
    )
  },
)

describe('the SDK for JavaScript with the endpoint of another service', () => {
  const settings = () => ({
    endpoint: server.address,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
  })
  const refused = (name: string, service: string) => ({
    name,
    message: expect.stringContaining(`signed for ${service}`),
    $metadata: { attempts: 1 },
  })

  test('tells code and message, and asks once', async () => {
    await expect(new SQSClient(settings()).send(new ListQueuesCommand())).rejects.toMatchObject(
      refused('UnsupportedOperation', 'sqs'),
    )
    await expect(new SNSClient(settings()).send(new ListTopicsCommand())).rejects.toMatchObject(
      refused('UnsupportedOperation', 'sns'),
    )
    await expect(new EventBridgeClient(settings()).send(new ListRulesCommand())).rejects.toMatchObject(
      refused('UnsupportedOperation', 'events'),
    )
  })

  test('has errors of S3, also for a body that nobody reads', async () => {
    const s3 = new S3Client(settings())
    await expect(s3.send(new ListBucketsCommand())).rejects.toMatchObject(refused('NotImplemented', 's3'))
    const Body = Buffer.alloc(10_000_000)
    await expect(s3.send(new PutObjectCommand({ Bucket: 'b', Key: 'k', Body }))).rejects.toMatchObject(
      refused('NotImplemented', 's3'),
    )
    await expect(s3.send(new HeadBucketCommand({ Bucket: 'b' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 501, attempts: 1 },
    })
  })
})
