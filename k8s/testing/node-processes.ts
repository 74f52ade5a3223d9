import { readdirSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { describe, test } from '@jest/globals'
import { CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node'

/** Whether the cluster's only node is this machine, so that processes of pods are processes of this machine. */
const isNodeHere = await findNode()

async function findNode(): Promise<boolean> {
  const config = new KubeConfig()
  config.loadFromDefault()
  const { items } = await config.makeApiClient(CoreV1Api).listNode()
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? [])
  return items.length === 1 && (items[0]?.status?.addresses ?? []).some(({ address }) => own.includes(address))
}

/** Describes tests that stop and kill processes in pods; on any other cluster they are skipped, and the name says why. */
export function describeOnThisNode(name: string, body: () => void): void {
  if (isNodeHere) describe(name, body)
  else {
    describe(`${name} (skipped: the cluster's node is not this machine)`, () => {
      test.skip('needs the processes of pods', () => undefined)
    })
  }
}

/** Sends a signal to those processes of a pod whose command line holds the words; answers how many there were. */
export function signalPod(pod: V1Pod, words: string, signal: NodeJS.Signals): number {
  const found = processesOf(pod).filter((pid) => readProcess(pid, 'cmdline').replaceAll('\0', ' ').includes(words))
  for (const pid of found) process.kill(pid, signal)
  return found.length
}

function processesOf({ metadata }: V1Pod): number[] {
  const uid = metadata?.uid ?? 'none'
  // With systemd as the driver of cgroups the dashes are others.
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
