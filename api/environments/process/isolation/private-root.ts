import { lstatSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { interpretersOnPath } from '../runtimes/interpreters-on-path.ts'
import { installationOf, isWithin, privateFolders, virtualEnvironmentOf } from './installation.ts'

/** One part of the file system that a function sees instead of the machine's. Paths in `to` are as seen inside. */
export type Mount =
  | {
      readonly kind: 'bind'
      readonly from: string
      readonly to: string
      readonly isWritable?: boolean
      readonly isFile?: boolean
    }
  | { readonly kind: 'temporary'; readonly to: string; readonly mode: string; readonly sizeMb?: number }
  | { readonly kind: 'processes'; readonly to: string }
  | { readonly kind: 'folder'; readonly to: string }
  | { readonly kind: 'link'; readonly to: string; readonly target: string }

/** Inside: what is put out of reach before the function runs. */
export const hiddenFolder = '/.kubelambda'
export const hiddenData = `${hiddenFolder}/data`
/** Inside: where the supervisor's own file is. */
export const supervisorFolder = '/var/supervisor'
/** Inside: where the runtime clients are, as on AWS. */
export const runtimeFolder = '/var/runtime'
/** MB of `/tmp` unless the function configures another size. */
export const defaultTemporaryMb = 512

export interface PrivateRootOptions {
  readonly dataFolder: string
  readonly supervisorFolder: string
  readonly runtimesFolder: string
  /** PATH, where interpreters are looked for. */
  readonly searchPath: string
  /** Folders that stay hidden as a whole, also when an interpreter is installed in them: homes, the working folder. */
  readonly hiddenFolders: readonly string[]
}

/**
 * Inside: the machine's `/etc`, to which the environment's own has links (`serve.sh`). A file of the environment's that was mounted over
 * one of the machine's would be lost when the machine replaces that by another, as `useradd` does.
 */
const machineEtc = '/.etc'

/** The system's own folders, which every function may read; all else of the machine is left out. */
const systemFolders = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'usr', 'nix', 'gnu', 'sys', 'dev']

/** The file system of an environment before its code is there: `/var/task` and `/opt` are empty folders. */
export function planPrivateRoot(options: PrivateRootOptions): Mount[] {
  const system = systemFolders.flatMap((name) => systemMount(`/${name}`))
  const isVisible = (path: string) =>
    isWithin(path, '/etc') || system.some((mount) => mount.kind === 'bind' && isWithin(path, mount.to))
  return [
    ...system,
    { kind: 'bind', from: '/etc', to: machineEtc },
    { kind: 'temporary', to: '/etc', mode: '755', sizeMb: 1 },
    { kind: 'processes', to: '/proc' },
    { kind: 'temporary', to: '/tmp', mode: '1777', sizeMb: defaultTemporaryMb },
    ...(exists('/dev/shm') ? [{ kind: 'temporary', to: '/dev/shm', mode: '1777', sizeMb: 64 } as const] : []),
    ...['/var/task', '/var/lang', '/opt', '/run'].map((to) => ({ kind: 'folder', to }) as const),
    { kind: 'bind', from: options.runtimesFolder, to: runtimeFolder },
    { kind: 'bind', from: options.supervisorFolder, to: supervisorFolder },
    { kind: 'temporary', to: hiddenFolder, mode: '700', sizeMb: 1 },
    { kind: 'bind', from: options.dataFolder, to: hiddenData },
    ...(isVisible(options.dataFolder) ? [{ kind: 'temporary', to: options.dataFolder, mode: '700' } as const] : []),
    ...neededPaths(options)
      .filter((path) => !isVisible(realpathSync(path)))
      .flatMap(neededMount),
  ]
}

/** Whether functions find a program at this path, so that it can be started by it. */
export function isShown(mounts: readonly Mount[], path: string): boolean {
  const isIn = (place: string) =>
    mounts.some((mount) => (mount.kind === 'bind' || mount.kind === 'link') && isWithin(place, mount.to))
  try {
    return isIn(path) && isIn(realpathSync(path))
  } catch {
    return false
  }
}

/** Whether every user of the machine can reach this path. */
export function isOpenToAll(path: string): boolean {
  const folders = path.split('/').map((_, index, names) => names.slice(0, index).join('/') || '/')
  return folders.every((folder) => (statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) % 2 === 1)
}

/** A file in `/tmp` stays hidden: it could not be kept when a function gets a `/tmp` of another size. */
function neededMount(path: string): Mount[] {
  if (statSync(path).isDirectory()) return [{ kind: 'bind', from: path, to: path }]
  return isWithin(path, '/tmp') ? [] : [{ kind: 'bind', from: path, to: path, isFile: true }]
}

function systemMount(path: string): Mount[] {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found?.isSymbolicLink() === true) return [{ kind: 'link', to: path, target: readlinkSync(path) }]
  if (found?.isDirectory() === true) return [{ kind: 'bind', from: path, to: path, isWritable: path === '/dev' }]
  return []
}

/** Interpreters, wherever version managers keep them, and what name resolution and TLS need outside `/etc`. */
function neededPaths({ searchPath, hiddenFolders, dataFolder }: PrivateRootOptions): string[] {
  const resolver = exists('/etc/resolv.conf') ? [dirname(realpathSync('/etc/resolv.conf'))] : []
  const certificates = exists('/var/lib/ca-certificates') ? ['/var/lib/ca-certificates'] : []
  const hidden = [...hiddenFolders, dataFolder].filter(exists)
  const isPrivate = privateFolders([...hidden, ...hidden.map((folder) => realpathSync(folder))])
  const commands = [
    { path: process.execPath, program: realpathSync(process.execPath) },
    ...interpretersOnPath(searchPath),
  ]
  const interpreters = commands.flatMap(({ path, program }) =>
    program === undefined ? [] : [installationOf(program, isPrivate), ...virtualEnvironmentOf(path, isPrivate)],
  )
  const paths = [...new Set([...interpreters, ...resolver, ...certificates])]
  return paths.filter((path) => path !== '/' && !paths.some((other) => other !== path && isWithin(path, other)))
}

function exists(path: string): boolean {
  try {
    realpathSync(path)
    return true
  } catch {
    return false
  }
}

/** Options that a bind of this path must keep: the kernel lets no user namespace drop them. */
export function lockedOptions(path: string): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n')
  let best = { to: '', options: '' }
  for (const line of lines) {
    const [, , , , to = '', options = ''] = line.split(' ')
    const isCloser = to.length >= best.to.length && (to === '/' || isWithin(path, to))
    if (isCloser) best = { to, options }
  }
  return best.options.split(',').filter((option) => ['nosuid', 'nodev', 'noexec'].includes(option))
}
