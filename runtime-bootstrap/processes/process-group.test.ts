import { afterEach, describe, expect, test } from '@jest/globals'
import { isGone, stateOf, until } from './process-state.harness.ts'
import { supervise, type Supervised } from '../supervisor/supervisor.harness.ts'

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

/** A function that starts a process in a group of its own, as browsers are started; answers its id and its state. */
const code = `const { spawn } = require('node:child_process')
const { readFileSync } = require('node:fs')
const child = spawn('sh', ['-c', 'setsid sleep 1000 & wait'], { detached: true, stdio: 'ignore' })
const grandchild = () => Number(readFileSync('/proc/' + child.pid + '/task/' + child.pid + '/children', 'utf8'))
exports.handler = async (event) => {
  while (!grandchild()) await new Promise((resolve) => setImmediate(resolve))
  const pids = [child.pid, grandchild()]
  console.log('pids ' + JSON.stringify(pids))
  if (event.hang) await new Promise(() => setInterval(() => undefined, 1000))
  return { pids, states: pids.map((pid) => readFileSync('/proc/' + pid + '/stat', 'utf8').split(') ')[1][0]) }
}`

async function start(): Promise<Supervised> {
  const supervised = await supervise({ 'index.js': code })
  started.push(supervised)
  supervised.assign({ timeoutMs: 2000 })
  return supervised
}

interface Told {
  readonly pids: readonly number[]
  readonly states: readonly string[]
}

const onLinux = process.platform === 'linux' ? describe : describe.skip

onLinux('processes of a function in groups of their own', () => {
  test('are frozen between invocations, and thaw for the next event', async () => {
    const environment = await start()
    const { pids } = JSON.parse((await environment.invoke()).payload) as Told
    for (const pid of pids) await until(() => stateOf(pid) === 'T')
    const again = JSON.parse((await environment.invoke()).payload) as Told
    expect(again.pids).toEqual(pids)
    expect(again.states).not.toContain('T')
    for (const pid of pids) await until(() => stateOf(pid) === 'T')
    await environment.shutdown()
    for (const pid of pids) await until(() => isGone(pid))
  })

  test('end with the function at its timeout', async () => {
    const environment = await start()
    const { log } = await environment.invoke({ event: '{"hang":true}' })
    const pids = JSON.parse(/pids (.*)/.exec(log)?.[1] ?? '[]') as number[]
    expect(pids).toHaveLength(2)
    for (const pid of pids) await until(() => isGone(pid))
  })
})
