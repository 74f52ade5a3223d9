import { afterAll, beforeAll, expect } from '@jest/globals'
import { makeCertificates, type Certificates } from '../../../testing/certificates.ts'
import type { AwsServices } from '../../../aws/services.ts'
import type { KafkaAccess } from '../../mappings/poll-settings.ts'
import type { Credentials } from '../../../aws/credentials.ts'
import { createSignedServices } from '../../../aws/signed-services.ts'
import { eventually } from '../../testing/eventually.ts'
import { startBrokerFront, type BrokerFront, type BrokerFrontParts } from '../testing/broker-front.ts'
import { describeWithSecureKafka, startMockCluster, type MockCluster } from '../testing/mock-cluster.ts'
import type { SaslUser } from '../testing/sasl-server.ts'
import { testTogether } from '../testing/test-together.ts'
import { createKafkaTestbed, type KafkaTestbed } from '../testing/kafka-testbed.ts'

const limitMs = 60_000
const arnOf = (name: string) => `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}`
const accessBy = (type: string, secret: string): KafkaAccess => ({ type, uri: arnOf(secret) })
const root = accessBy('SERVER_ROOT_CA_CERTIFICATE', 'ca')
const sourceArn = 'arn:aws:kafka:eu-west-1:000000000000:cluster/c/uuid-1'
const key: Credentials = { accessKeyId: 'me', secretAccessKey: 'pässword' }
const user = (mechanism: SaslUser['mechanism']): SaslUser => ({ mechanism, username: 'me', password: 'pässword' })

describeWithSecureKafka('a Kafka cluster that is entered with credentials', () => {
  let cluster: MockCluster
  let certificates: Certificates
  let secrets: Readonly<Record<string, object>>
  const fronts: BrokerFront[] = []
  const testbeds: KafkaTestbed[] = []
  beforeAll(async () => {
    cluster = await startMockCluster()
    certificates = makeCertificates()
    const [certificate, { password }] = [certificates.authority, user('PLAIN')]
    secrets = {
      ca: { certificate },
      user: { username: 'me', password },
      stranger: { username: 'me', password: 'wrong' },
      client: certificates.client,
      garbage: { certificate: 'no PEM', privateKey: 'neither' },
      odd: { user: 'me' },
    }
  }, limitMs)
  afterAll(async () => {
    await Promise.all(testbeds.map((testbed) => testbed.close()))
    await Promise.all(fronts.map((front) => front.close()))
    await cluster.close()
  })

  const services = (brokers: string, keys?: Credentials): AwsServices => ({
    ...createSignedServices({
      endpoints: {},
      credentials: async () => keys ?? Promise.reject(new Error('Could not load credentials from any providers')),
      now: Date.now,
    }),
    call: async (call) => {
      if ('path' in call) return { bootstrapBrokerStringSaslIam: brokers }
      const { SecretId = '' } = call.input as { SecretId?: string }
      return { SecretString: JSON.stringify(secrets[SecretId.split(':').at(-1) ?? '']) }
    },
  })
  const open = async (front: Omit<BrokerFrontParts, 'port' | 'tls'>, tls: object = {}) => {
    const { certificate: cert, privateKey: key } = certificates.broker
    const opened = await startBrokerFront({ port: cluster.port, tls: { cert, key, ...tls }, ...front })
    const testbed = await createKafkaTestbed(cluster)
    fronts.push(opened)
    testbeds.push(testbed)
    await testbed.send('m')
    return { testbed, address: opened.address }
  }
  const enter = async (front: Parameters<typeof open>[0], access: KafkaAccess[], tls?: object) => {
    const { testbed, address } = await open(front, tls)
    const kafka = { bootstrapServers: [address], topics: [testbed.topic], consumerGroupId: testbed.groupId }
    testbed.start(undefined, { kafka: { ...kafka, access, hasSchemaRegistry: false } }, { services: services('') })
    return testbed
  }
  const enterWithIam = async (keys?: Credentials, front: Partial<BrokerFrontParts> = {}) => {
    const { testbed, address } = await open({ user: user('OAUTHBEARER'), ...front })
    const kafka = { bootstrapServers: [], topics: [testbed.topic], consumerGroupId: testbed.groupId }
    const settings = { kind: 'msk', sourceArn, kafka: { ...kafka, access: [root], hasSchemaRegistry: false } } as const
    testbed.start(undefined, settings, { services: services(address, keys) })
    return testbed
  }
  const reads = async (testbed: Promise<KafkaTestbed>) => {
    const { seen, results } = await testbed
    await eventually(() => seen.length === 1)
    expect(results).toEqual(['OK'])
  }
  const shows = async (testbed: Promise<KafkaTestbed>, result: string) => {
    const { seen, results } = await testbed
    await eventually(() => results.length > 0)
    expect(results[0]).toBe(`PROBLEM: ${result}`)
    expect(seen).toEqual([])
  }
  const mutual = () => ({ ca: certificates.authority, requestCert: true, rejectUnauthorized: true })

  testTogether(
    {
      'SASL/PLAIN over TLS': () => reads(enter({ user: user('PLAIN') }, [root, accessBy('BASIC_AUTH', 'user')])),
      'SASL/SCRAM-256 over TLS': () =>
        reads(enter({ user: user('SCRAM-SHA-256') }, [root, accessBy('SASL_SCRAM_256_AUTH', 'user')])),
      'SASL/SCRAM-512 over TLS': () =>
        reads(enter({ user: user('SCRAM-SHA-512') }, [root, accessBy('SASL_SCRAM_512_AUTH', 'user')])),
      'a certificate of the client, whose key has a password': () =>
        reads(enter({}, [root, accessBy('CLIENT_CERTIFICATE_TLS_AUTH', 'client')], mutual())),
      'IAM access control over TLS': () => reads(enterWithIam(key)),
      'IAM access control whose session ends': async () => {
        const entered = Promise.withResolvers<undefined>()
        const session = { ...user('OAUTHBEARER'), sessionMs: 2_000 }
        const front = { user: session, onReauthenticated: () => entered.resolve(undefined) }
        const { send, seen, results } = await enterWithIam({ ...key, sessionToken: 'a/token+of=' }, front)
        await entered.promise
        await send('n')
        await eventually(() => seen.length === 2)
        expect([seen, new Set(results)]).toEqual([['m', 'n'], new Set(['OK'])])
      },
      'IAM access control that refuses the key': () =>
        shows(enterWithIam({ ...key, secretAccessKey: 'wrong' }), 'SASL authentication failed.'),
      'IAM access control without a key': () =>
        shows(
          enterWithIam(),
          'No AWS credentials are found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the server a role.',
        ),
      'credentials that are refused': () =>
        shows(
          enter({ user: user('SCRAM-SHA-512') }, [root, accessBy('SASL_SCRAM_512_AUTH', 'stranger')]),
          'SASL authentication failed.',
        ),
      'a broker whose authority is not trusted': () =>
        shows(
          enter({ user: user('PLAIN') }, [accessBy('BASIC_AUTH', 'user')]),
          'Lambda failed to authenticate server.',
        ),
      'a certificate of the client that is missing': () =>
        shows(enter({}, [root], mutual()), 'Server failed to authenticate Lambda.'),
      'a certificate that is none': () =>
        shows(
          enter({}, [root, accessBy('CLIENT_CERTIFICATE_TLS_AUTH', 'garbage')], mutual()),
          'Provided certificate or private key is invalid.',
        ),
      'a secret of another shape': () =>
        shows(
          enter({}, [root, accessBy('BASIC_AUTH', 'odd')]),
          `The secret ${arnOf('odd')} must be a JSON object with username and password.`,
        ),
    },
    limitMs,
  )
})
