import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { describe, test } from '@jest/globals'
import { CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node'

/** The address of the cluster's only node if that is this machine, so that processes of pods are visible here. */
export const nodeHere = await findNode()

async function findNode(): Promise<string | undefined> {
  const config = new KubeConfig()
  config.loadFromDefault()
  const { items } = await config.makeApiClient(CoreV1Api).listNode()
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? [])
  const [node, ...others] = items
  if (others.length > 0) return undefined
  return node?.status?.addresses?.map(({ address }) => address).find((address) => own.includes(address))
}

/** Describes tests that stop and kill processes in pods. On other clusters they are skipped, and the name says why. */
export function describeOnThisNode(name: string, body: () => void): void {
  if (nodeHere !== undefined) describe(name, body)
  else {
    describe(`${name} (skipped: the cluster's node is not this machine)`, () => {
      test.skip('needs the processes of pods', () => undefined)
    })
  }
}

/** Limits a container to this much more memory than it uses now. Returns a function that tells whether anything was OOM-killed. */
export function limitMemory(pod: V1Pod, words: string, moreMb: number): () => boolean {
  const [pid] = processesNamed(pod, words)
  if (pid === undefined) throw new Error(`There is no ${words} in the pod`)
  const { usage, limit, events } = memoryFiles(pid)
  writeFileSync(limit, String(Number(readFileSync(usage, 'utf8')) + moreMb * 1024 * 1024))
  return () => !existsSync(events) || /^oom_kill [1-9]/m.test(readFileSync(events, 'utf8'))
}

/** The file of cgroup version 1 or 2. */
function memoryFiles(pid: number) {
  const groups = readProcess(pid, 'cgroup').split('\n')
  const [one, two] = [/^\d+:memory:/, /^0::/].map((prefix) =>
    groups.find((line) => prefix.test(line))?.replace(prefix, ''),
  )
  const folder = `/sys/fs/cgroup${one === undefined ? (two ?? '') : `/memory${one}`}`
  const [usage, limit, events] =
    one === undefined
      ? ['memory.current', 'memory.max', 'memory.events']
      : ['memory.usage_in_bytes', 'memory.limit_in_bytes', 'memory.oom_control']
  return { usage: `${folder}/${usage}`, limit: `${folder}/${limit}`, events: `${folder}/${events}` }
}

/** Sends a signal to the processes of a pod whose command line contains the words. Returns how many there were. */
export function signalPod(pod: V1Pod, words: string, signal: NodeJS.Signals): number {
  const found = processesNamed(pod, words)
  for (const pid of found) process.kill(pid, signal)
  return found.length
}

function processesNamed(pod: V1Pod, words: string): number[] {
  const commandOf = (pid: number) => readProcess(pid, 'cmdline').replaceAll('\0', ' ')
  // Excludes the parent that waits for the process and forwards signals.
  return processesOf(pod).filter((pid) => !commandOf(pid).startsWith('tini ') && commandOf(pid).includes(words))
}

function processesOf({ metadata }: V1Pod): number[] {
  const uid = metadata?.uid ?? 'none'
  // The systemd cgroup driver replaces the dashes.
  const names = [`pod${uid}`, `pod${uid.replaceAll('-', '_')}`]
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  return pids.filter((pid) => names.some((name) => readProcess(Number(pid), 'cgroup').includes(name))).map(Number)
}

function readProcess(pid: number, file: 'cgroup' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
