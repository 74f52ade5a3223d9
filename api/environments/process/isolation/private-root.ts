import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** One part of the file system that a function sees instead of the machine's. Paths in `to` are as seen inside. */
export type Mount =
  | { readonly kind: 'bind'; readonly from: string; readonly to: string; readonly isWritable?: boolean }
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
}

/** The system's own folders, which every function may read; all else of the machine is left out. */
const systemFolders = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'usr', 'etc', 'nix', 'gnu', 'sys', 'dev']

/** The file system of an environment before its code is there: `/var/task` and `/opt` are empty folders. */
export function planPrivateRoot(options: PrivateRootOptions): Mount[] {
  const system = systemFolders.flatMap((name) => systemMount(`/${name}`))
  const isVisible = (path: string) => system.some((mount) => mount.kind === 'bind' && isWithin(path, mount.to))
  return [
    ...system,
    { kind: 'processes', to: '/proc' },
    { kind: 'temporary', to: '/tmp', mode: '1777', sizeMb: defaultTemporaryMb },
    ...(exists('/dev/shm') ? [{ kind: 'temporary', to: '/dev/shm', mode: '1777', sizeMb: 64 } as const] : []),
    ...['/var/task', '/var/lang', '/opt', '/run'].map((to) => ({ kind: 'folder', to }) as const),
    { kind: 'bind', from: options.runtimesFolder, to: runtimeFolder },
    { kind: 'bind', from: options.supervisorFolder, to: supervisorFolder },
    { kind: 'temporary', to: hiddenFolder, mode: '700', sizeMb: 1 },
    { kind: 'bind', from: options.dataFolder, to: hiddenData },
    ...(isVisible(options.dataFolder) ? [{ kind: 'temporary', to: options.dataFolder, mode: '700' } as const] : []),
    ...neededPaths(options.searchPath)
      .filter((path) => !isVisible(realpathSync(path)))
      .map((path) => ({ kind: 'bind', from: path, to: path }) as const),
  ]
}

function systemMount(path: string): Mount[] {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found?.isSymbolicLink() === true) return [{ kind: 'link', to: path, target: readlinkSync(path) }]
  if (found?.isDirectory() === true) return [{ kind: 'bind', from: path, to: path, isWritable: path === '/dev' }]
  return []
}

/** Interpreters, wherever version managers keep them, and what name resolution and TLS need outside `/etc`. */
function neededPaths(searchPath: string): string[] {
  const resolver = exists('/etc/resolv.conf') ? [dirname(realpathSync('/etc/resolv.conf'))] : []
  const certificates = exists('/var/lib/ca-certificates') ? ['/var/lib/ca-certificates'] : []
  const folders = searchPath.split(':').filter((folder) => folder.startsWith('/') && exists(folder))
  const interpreters = folders.flatMap(interpreterPaths)
  const paths = [...new Set([installationOf(process.execPath), ...interpreters, ...resolver, ...certificates])]
  return paths.filter((path) => path !== '/' && !paths.some((other) => other !== path && isWithin(path, other)))
}

const interpreterName = /^(?:node|python3|ruby)[\d.]*$/

function interpreterPaths(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => interpreterName.test(name) && exists(join(folder, name)))
  if (names.length === 0) return []
  return [installationOf(join(folder, 'x')), ...names.map((name) => installationOf(realpathSync(join(folder, name))))]
}

/** What belongs to a program: the parent of its `bin`, unless other things are there too. */
function installationOf(file: string): string {
  const folder = dirname(file)
  const parent = dirname(folder)
  const isShared =
    !['bin', 'shims'].includes(basename(folder)) || basename(parent) === '.local' || dirname(parent) === '/'
  return isShared ? folder : parent
}

function exists(path: string): boolean {
  try {
    realpathSync(path)
    return true
  } catch {
    return false
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
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
