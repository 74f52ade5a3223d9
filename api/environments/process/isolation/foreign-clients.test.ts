import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../../../runtime-bootstrap/processes/process-state.harness.ts'
import { Environment } from '../../environment/environment.ts'
import { realSupervisor, startFakeEnvironments, type FakeEnvironments } from '../../testing/fake-environments.ts'
import { canRunAsOthers, withoutOthers } from '../../testing/other-users.ts'
import { findIsolation, isolationKinds } from './isolation.ts'
import type { Isolation } from './sandbox.ts'

/** Asks for the next event of the environment at the address that the event names, with whatever client it names. */
const code = `const { spawnSync } = require('node:child_process')
exports.handler = async ({ address, client, own, sleepMs }) => {
  if (sleepMs) await new Promise((resolve) => setTimeout(resolve, sleepMs))
  const url = 'http://' + (own ? process.env.AWS_LAMBDA_RUNTIME_API : address) + (own ? '/2018-06-01/ping' : '/2018-06-01/runtime/invocation/next')
  if (!address && !own) return process.env.AWS_LAMBDA_RUNTIME_API
  if (client) return spawnSync(client[0], [...client.slice(1), url], { encoding: 'utf8' }).stdout
  const response = await fetch(url)
  return response.status + ' ' + await response.text()
}`
const refused = '403 The Runtime API answers only the processes of its own environment.\n'
const runtime = `nodejs${process.versions.node.split('.')[0]!}.x`
const folder = mkdtempSync(join(tmpdir(), 'clients-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const kinds: Isolation[] = process.platform === 'linux' ? ['none', ...(canRunAsOthers ? (['users'] as const) : [])] : []
for (const kind of isolationKinds()) {
  const options = { dataFolder: folder, runtimesFolder: folder, supervisorFile: join(folder, 'x.cjs'), searchPath: '' }
  if ((await findIsolation(options, [kind])).kind !== undefined) kinds.push(kind)
}

for (const kind of kinds) {
  describe(`the Runtime API of an environment, with isolation ${kind}`, () => {
    let fake: FakeEnvironments
    let [victim, other]: Environment[] = []
    let address: string
    const warnings: string[] = []
    const launch = async () => {
      const onWarning = (text: string) => warnings.push(text)
      const events = { onFree: () => undefined, onGone: () => undefined, onLog: () => undefined, onWarning }
      const spec = { ...fake.spec, runtime, handler: 'clients.handler' }
      return new Environment(await fake.driver.launch(spec), events, () => performance.now())
    }
    let count = 0
    const invoke = async (environment: Environment, event: object) => {
      await until(() => environment.isFree)
      const payload = Buffer.from(JSON.stringify(event))
      const result = await environment.invoke({ requestId: `r${++count}`, functionArn: 'arn', payload, tail: false })
      return JSON.parse(Buffer.from(result.payload).toString()) as string
    }

    beforeAll(async () => {
      fake = await startFakeEnvironments([kind], realSupervisor)
      writeFileSync(join(fake.dataFolder, 'unpacked', 'one', 'clients.js'), code)
      victim = await launch()
      other = await launch()
      address = await invoke(victim, {})
    })
    afterAll(() => fake.close())

    // Without a user of its own, an environment cannot be told from others: the documentation says so.
    const testBetween = kind === 'none' ? test.skip : test
    testBetween('refuses another function, and the operator is told', async () => {
      expect(await invoke(other!, { address })).toBe(refused)
      await until(() => warnings.length > 0)
      expect(warnings[0]).toMatch(/^The Runtime API refused a connection from a process of user \d+, which is not/)
      // The function of the environment goes on.
      expect(await invoke(victim!, {})).toBe(address)
    })

    const testOthers = canRunAsOthers ? test : test.skip
    testOthers(`refuses other users of the machine${withoutOthers}`, () => {
      const script = `const http = require('http'); http.get('http://${address}/2018-06-01/ping', (r) => console.log(r.statusCode))`
      const nobody = { uid: 65_534, gid: 65_534 }
      const node = process.execPath
      const ran = spawnSync(node, ['-e', script], { encoding: 'utf8', ...nobody })
      expect(ran.stdout || ran.stderr).toBe('403\n')
    })

    const client = ['/usr/bin/curl', '/bin/curl'].find((file) => existsSync(file))
    const testChild = client === undefined ? test.skip : test
    testChild('serves the children of its own function, whatever they are', async () => {
      expect(await invoke(victim!, { own: true, client: [client, '-s'] })).toBe('pong')
    })

    const hasPython = existsSync('/usr/bin/python3')
    const testPython = hasPython ? test : test.skip
    testPython('serves an IPv6 socket that is connected to the IPv4 address, as Java connects', async () => {
      const program = `import socket, sys
host, port = sys.argv[1].split('/')[2].split(':')
s = socket.socket(socket.AF_INET6)
s.connect(('::ffff:' + host, int(port)))
s.send(b'GET /2018-06-01/ping HTTP/1.1\\r\\n\\r\\n')
print(s.recv(1000).decode().split('\\r\\n')[0])`
      expect(await invoke(victim!, { own: true, client: ['/usr/bin/python3', '-c', program] })).toBe(
        'HTTP/1.1 200 OK\n',
      )
    })
  })
}
