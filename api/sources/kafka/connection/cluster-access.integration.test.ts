import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { makeCertificates, testWithOpenssl } from '../../../testing/certificates.ts'
import { createSignedServices } from '../../../aws/signed-services.ts'
import { aMapping } from '../../testing/samples.ts'
import { describeWithMoto, startMoto, type Moto } from '../../testing/moto.ts'
import type { KafkaAccess, PollSettings } from '../../mappings/poll-settings.ts'
import { findClusterAccess } from './cluster-access.ts'

const arn = 'arn:aws:kafka:us-east-1:000000000000:cluster/c/uuid-1'
const secretArn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:s'
const every = {
  bootstrapBrokerString: 'a:9092',
  bootstrapBrokerStringTls: 'a:9094',
  bootstrapBrokerStringSaslScram: 'a:9096',
  bootstrapBrokerStringSaslIam: 'a:9098',
}
const without = (way: string) => ({ ...every, [`bootstrapBrokerString${way}`]: undefined })
const credentials = async () => ({ accessKeyId: 'test', secretAccessKey: 'test' })
const mapping = (kind: PollSettings['kind'], access: readonly KafkaAccess[]) => {
  const kafka = {
    bootstrapServers: ['own:9092'],
    topics: ['t'],
    consumerGroupId: 'g',
    access,
    hasSchemaRegistry: false,
  }
  return aMapping({ kind, sourceArn: kind === 'msk' ? arn : '', kafka })
}

describeWithMoto('a secret of Secrets Manager', () => {
  let moto: Moto
  beforeAll(async () => {
    moto = await startMoto()
  }, 60_000)
  afterAll(() => moto.close())

  test('is read for the access that refers to it; a missing secret is a fault', async () => {
    const { ARN: uri } = await moto.ask<{ ARN: string }>('secretsmanager', 'secretsmanager.CreateSecret', {
      Name: 'broker',
      SecretString: '{"username":"me","password":"secret"}',
    })
    const settings = mapping('kafka', [{ type: 'SASL_SCRAM_512_AUTH', uri }])
    expect(await findClusterAccess({ settings, services: moto.services })).toEqual({
      bootstrapServers: ['own:9092'],
      tls: {},
      sasl: { mechanism: 'scram-sha-512', username: 'me', password: 'secret' },
    })
    const other = mapping('kafka', [{ type: 'BASIC_AUTH', uri: `${uri}x` }])
    await expect(findClusterAccess({ settings: other, services: moto.services })).rejects.toThrow(
      'Error occurred while GetSecretValue. Error Code: ResourceNotFoundException.',
    )
  })
})

describe('the brokers of an MSK cluster', () => {
  let server: Server
  let answer: object
  let asked: string[]
  beforeAll(async () => {
    asked = []
    server = createServer((request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`)
      const isFound = Object.keys(answer).length > 0
      response.writeHead(isFound ? 200 : 404, isFound ? {} : { 'x-amzn-errortype': 'NotFoundException' })
      response.end(JSON.stringify(isFound ? answer : { message: 'not here' }))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => void server.close())
  const user = { username: 'me', password: 'secret' }
  const find = (given: object, access: readonly KafkaAccess[] = [], secret: object = user) => {
    answer = given
    const kafka = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const signed = createSignedServices({ endpoints: { kafka }, credentials, now: Date.now })
    const services = {
      ...signed,
      call: async (call: Parameters<typeof signed.call>[0]) =>
        'path' in call ? signed.call(call) : { SecretString: JSON.stringify(secret) },
    }
    return findClusterAccess({ settings: mapping('msk', access), services })
  }

  test('come from its service, and are those with IAM access control when there is no secret', async () => {
    const found = { bootstrapBrokerString: 'a:9092', bootstrapBrokerStringTls: 'a:9094,b:9094' }
    const { sasl, ...access } = await find({ ...found, bootstrapBrokerStringSaslIam: 'a:9098,b:9098' })
    expect(access).toEqual({ bootstrapServers: ['a:9098', 'b:9098'], tls: {} })
    expect(sasl?.mechanism).toBe('oauthbearer')
  })

  test('are those with TLS when there is no secret and no IAM access control', async () => {
    const found = { bootstrapBrokerString: 'a:9092', bootstrapBrokerStringTls: 'a:9094,b:9094' }
    expect(await find(found)).toEqual({ bootstrapServers: ['a:9094', 'b:9094'], tls: {} })
    expect(await find({ bootstrapBrokerString: 'a:9092' })).toEqual({ bootstrapServers: ['a:9092'] })
    expect(asked[0]).toBe(`GET /v1/clusters/${encodeURIComponent(arn)}/bootstrap-brokers`)
  })

  test('are those for SASL/SCRAM when there are credentials', async () => {
    const access = [{ type: 'SASL_SCRAM_512_AUTH', uri: secretArn }]
    const { bootstrapServers, sasl } = await find(every, access)
    expect([bootstrapServers, sasl?.mechanism]).toEqual([['a:9096'], 'scram-sha-512'])
    await expect(find(without('SaslScram'), access)).rejects.toThrow(`${arn} has no brokers with SASL/SCRAM.`)
  })

  testWithOpenssl('are those with TLS where there is a certificate, and no others', async () => {
    const access = [{ type: 'CLIENT_CERTIFICATE_TLS_AUTH', uri: secretArn }]
    const { client } = makeCertificates()
    const { bootstrapServers, sasl, tls } = await find(every, access, client)
    expect([bootstrapServers, sasl, Object.keys(tls ?? {})]).toEqual([
      ['a:9094'],
      undefined,
      ['cert', 'key', 'passphrase'],
    ])
    await expect(find(without('Tls'), access, client)).rejects.toThrow(`${arn} has no brokers with TLS.`)
  })

  test('are a fault for a cluster that does not exist, or that needs a secret', async () => {
    await expect(find({})).rejects.toThrow(
      'Error occurred while GetBootstrapBrokers. Error Code: NotFoundException. Error Message: not here',
    )
    await expect(find({ bootstrapBrokerStringSaslScram: 'a:9096' })).rejects.toThrow(
      `${arn} has no brokers that can be entered without a secret.`,
    )
  })

  test('are a fault when no endpoint is configured', async () => {
    const services = createSignedServices({ endpoints: {}, credentials, now: Date.now })
    await expect(findClusterAccess({ settings: mapping('msk', []), services })).rejects.toThrow(
      'No endpoint is set for kafka: set KUBELAMBDA_KAFKA_ENDPOINT or KUBELAMBDA_AWS_ENDPOINT.',
    )
  })
})
