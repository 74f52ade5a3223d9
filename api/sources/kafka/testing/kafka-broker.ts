import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe } from '@jest/globals'
import { eventually } from '../../testing/eventually.ts'
import { openCluster } from '../client/cluster.ts'
import { findLeaders } from '../client/topics.ts'
import { testAccess, type TestCluster } from './test-cluster.ts'

/** A broker of Apache Kafka itself, which can delete what mock brokers keep. */
export interface KafkaBroker extends TestCluster {
  deleteTopic(name: string): Promise<void>
  /** Deletes the records of the first partition before this offset. */
  deleteRecords(topic: string, before: bigint): Promise<void>
}

const version = '3.9.1'
const timeoutMs = 10_000
const run = promisify(execFile)
const isThere = ['java', 'mvn'].every((program) => spawnSync(program, ['-version']).status === 0)

/** Describes tests that need Apache Kafka, which Maven fetches. They are skipped without Java and Maven, and the name says so. */
export function describeWithBroker(name: string, tests: () => void): void {
  if (isThere) describe(name, tests)
  else describe.skip(`${name} (skipped: java and mvn are not both on the PATH)`, tests)
}

/** Starts one broker that is its own controller, in a folder of its own. */
export async function startKafkaBroker(): Promise<KafkaBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'kafka-'))
  const [port = 0, controllerPort = 0] = await freePorts(2)
  const address = `127.0.0.1:${port}`
  const settings = join(folder, 'server.properties')
  await writeFile(settings, settingsOf(folder, address, `127.0.0.1:${controllerPort}`))
  const classpath = await fetchKafka(folder)
  const java = (...words: string[]) => ['-cp', classpath, ...words]
  await run('java', java('kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', settings))
  const child = spawn('java', ['-Xmx256m', ...java('kafka.Kafka', settings)], { stdio: 'ignore' })
  const cluster = await opened(address)
  const { api } = cluster
  const access = testAccess(cluster)
  const broker: KafkaBroker = {
    address,
    ...access,
    async newTopic(name, numPartitions) {
      await cluster.ask(api.CREATE_TOPICS, { topics: [{ name, numPartitions, replicationFactor: 1 }], timeoutMs })
      const hasLeaders = async () => {
        const partitions = (await findLeaders(cluster, [name]).catch(() => undefined))?.get(name) ?? []
        return partitions.length === numPartitions && partitions.every(({ leader }) => leader >= 0)
      }
      await eventually(hasLeaders)
    },
    async deleteTopic(name) {
      await cluster.ask(api.DELETE_TOPICS, { topics: [{ name, topicId: null }], timeoutMs })
      await eventually(async () => (await findLeaders(cluster, [name]).catch(() => undefined)) === undefined)
    },
    async deleteRecords(name, offset) {
      const topics = [{ name, partitions: [{ partitionIndex: 0, offset }] }]
      await cluster.ask(api.DELETE_RECORDS, { topics, timeoutMs })
    },
    async close() {
      await cluster.close()
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
  // The first group makes the broker create the topic of groups.
  await broker.newTopic('first', 1)
  await eventually(async () => (await access.committed('first', 'first').catch(() => undefined)) !== undefined)
  return broker
}

async function opened(address: string): Promise<Awaited<ReturnType<typeof openCluster>>> {
  let cluster: Awaited<ReturnType<typeof openCluster>> | undefined
  await eventually(async () => {
    cluster = await openCluster({ bootstrapServers: [address] }).catch(() => undefined)
    return cluster !== undefined
  })
  if (cluster === undefined) throw new Error('unreachable')
  return cluster
}

/** The classpath of Kafka's server. */
async function fetchKafka(folder: string): Promise<string> {
  const dependency = (group: string, artifact: string, number: string) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${number}</version></dependency>`
  const dependencies =
    dependency('org.apache.kafka', 'kafka_2.13', version) + dependency('org.slf4j', 'slf4j-nop', '1.7.36')
  const project =
    '<project><modelVersion>4.0.0</modelVersion><groupId>tests</groupId><artifactId>kafka</artifactId>' +
    `<version>1</version><dependencies>${dependencies}</dependencies></project>`
  await writeFile(join(folder, 'pom.xml'), project)
  const words = ['-q', '-B', 'dependency:build-classpath', '-Dmdep.outputFile=classpath']
  await run('mvn', words, { cwd: folder })
  return readFile(join(folder, 'classpath'), 'utf8')
}

function settingsOf(folder: string, address: string, controller: string): string {
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@${controller}
listeners=PLAINTEXT://${address},CONTROLLER://${controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=${join(folder, 'logs')}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
`
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
