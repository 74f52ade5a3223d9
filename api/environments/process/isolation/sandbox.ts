import { readFileSync } from 'node:fs'
import { defaultTemporaryMb, hiddenData, hiddenFolder, lockedOptions, type Mount } from './private-root.ts'

/**
 * How an environment is isolated: `root`: namespaces made by root, with a user of its own; `bubblewrap` and `namespaces`:
 * the same without root, by user namespaces; `users`: plain processes of a user of its own; `none`: plain processes of the
 * server's user.
 */
export type Isolation = 'root' | 'bubblewrap' | 'namespaces' | 'users' | 'none'

/** The user that a function runs as; AWS's ids where the function has its own user namespace. */
export interface User {
  readonly uid: number
  readonly gid: number
}

const mappedUser: User = { uid: 993, gid: 990 }

export interface Sandbox {
  readonly isolation: Exclude<Isolation, 'users' | 'none'>
  readonly mounts: readonly Mount[]
  /** An empty folder on which the private root is put together; each environment sees only its own. */
  readonly stage: string
  /** File in which the mounts are written down for `mount --all`; those of single files are beside it, in `.files`. */
  readonly table: string
  readonly dataFolder: string
  /** The file of the launcher, as seen inside; absent where it does not work. */
  readonly launcher?: string | undefined
}

/**
 * The user inside, and the one whose process starts the sandbox: by root each environment gets a user of its own. In a user
 * namespace it is mapped to AWS's, and would be root itself if root had made the namespace.
 */
export function usersOf({ isolation }: Sandbox, own: User | undefined): { user: User; startAs?: User | undefined } {
  return isolation === 'root' && own !== undefined ? { user: own } : { user: mappedUser, startAs: own }
}

const serveScript = readFileSync(new URL('./serve.sh', import.meta.url), 'utf8')
const enterScript = readFileSync(new URL('./enter.sh', import.meta.url), 'utf8')

/** The command that starts `supervisor` inside a fresh sandbox; `showTable` is what it waits for. */
export function sandboxCommand(sandbox: Sandbox, user: User, supervisor: readonly string[]): string[] {
  const { launcher } = sandbox
  const launched = launcher === undefined ? supervisor : [launcher, ...supervisor]
  const serve = [String(user.uid), String(user.gid), ...privilegesOf(sandbox), ...launched]
  if (sandbox.isolation === 'bubblewrap') {
    return ['bwrap', ...bubblewrapArguments(sandbox.mounts), 'sh', '-c', serveScript, 'environment', ...serve]
  }
  const mapping = sandbox.isolation === 'namespaces' ? ['--user', '--map-root-user'] : []
  const links = sandbox.mounts.flatMap((mount) => (mount.kind === 'link' ? [mount.to] : []))
  const enter = [sandbox.stage, sandbox.table, links.join(' ')]
  const script = ['sh', '-c', enterScript + serveScript, 'environment', ...enter, ...serve]
  return ['unshare', ...mapping, '--mount', '--pid', '--ipc', '--fork', '--kill-child', ...script]
}

/**
 * The prefix of the supervisor command: drops its rights over the namespace without root, or forbids new privileges with it,
 * as the launcher does.
 */
function privilegesOf({ isolation, launcher }: Sandbox): string[] {
  if (isolation === 'root') return launcher === undefined ? ['setpriv', '--no-new-privs'] : []
  const { uid, gid } = mappedUser
  return ['unshare', '--user', `--map-user=${String(uid)}`, `--map-group=${String(gid)}`]
}

function bubblewrapArguments(mounts: readonly Mount[]): string[] {
  const namespaces = [
    '--unshare-user',
    '--unshare-pid',
    '--unshare-ipc',
    '--uid',
    '0',
    '--gid',
    '0',
    '--die-with-parent',
  ]
  return [...namespaces, '--cap-add', 'ALL', '--as-pid-1', ...mounts.flatMap(bubblewrapMount), '--chdir', '/']
}

function bubblewrapMount(mount: Mount): string[] {
  switch (mount.kind) {
    case 'bind':
      return [mount.to === '/dev' ? '--dev-bind' : '--ro-bind', mount.from, mount.to]
    case 'temporary': {
      const size = mount.sizeMb === undefined ? [] : ['--size', String(mount.sizeMb * 1024 * 1024)]
      return ['--perms', mount.mode, ...size, '--tmpfs', mount.to]
    }
    case 'processes':
      return ['--proc', mount.to]
    case 'folder':
      return ['--dir', mount.to]
    case 'link':
      return ['--symlink', mount.target, mount.to]
  }
}

/** What is mounted when an environment is assigned to a function; folders are relative to the data folder. */
export interface ShownFolders {
  readonly code: string
  readonly layers?: string
  /** The folder that is `/var/lang`. */
  readonly language?: string | undefined
  readonly temporaryMb: number
}

/** The mount table for `serve.sh`: mounts the code and hides the data folder. */
export function showTable(sandbox: Sandbox, { code, layers, language, temporaryMb }: ShownFolders): string {
  const hide: Mount = { kind: 'temporary', to: hiddenFolder, mode: '000', sizeMb: 1 }
  const size = temporaryMb === defaultTemporaryMb ? [] : temporaryMounts(sandbox, temporaryMb)
  const folders = [
    { from: code, to: '/var/task' },
    ...(layers === undefined ? [] : [{ from: layers, to: '/opt' }]),
    ...(language === undefined ? [] : [{ from: language, to: '/var/lang' }]),
  ]
  const options = ['bind', 'ro', ...lockedOptions(sandbox.dataFolder)].join(',')
  const binds = folders.map(({ from, to }) => `${escapeField(`${hiddenData}/${from}`)} ${to} none ${options} 0 0\n`)
  return binds.join('') + mountTable([...size, hide], '', 'kubelambda-shown')
}

/** Another `/tmp`, of another size, put together aside since it may hold interpreters that must stay. */
function temporaryMounts(sandbox: Sandbox, sizeMb: number): Mount[] {
  const aside = `${hiddenFolder}/tmp`
  const kept = sandbox.mounts.filter((mount) => mount.kind === 'bind' && mount.to.startsWith('/tmp/'))
  return [
    { kind: 'temporary', to: aside, mode: '1777', sizeMb },
    ...kept.map(({ to }) => ({ kind: 'bind', from: to, to: aside + to.slice('/tmp'.length) }) as const),
    { kind: 'bind', from: aside, to: '/tmp', isWritable: true },
  ]
}

/**
 * The mounts as lines of a table for `mount --all`, to be put together on the stage. `mount` passes over what is mounted
 * there from the same source already.
 */
export function mountTable(mounts: readonly Mount[], stage: string, source = 'kubelambda'): string {
  const lines = mounts.flatMap((mount) => {
    const to = escapeField(stage + mount.to)
    switch (mount.kind) {
      case 'bind': {
        if (mount.isFile === true) return []
        const options = mount.isWritable === true ? 'rbind' : ['rbind', 'ro', ...lockedOptions(mount.from)].join(',')
        return [`${escapeField(mount.from)} ${to} none ${options},X-mount.mkdir 0 0`]
      }
      case 'temporary': {
        const size = mount.sizeMb === undefined ? '' : `,size=${String(mount.sizeMb)}m`
        return [`${source} ${to} tmpfs mode=${mount.mode}${size},nosuid,nodev,X-mount.mkdir 0 0`]
      }
      case 'processes':
        return [`${source} ${to} proc nosuid,nodev,noexec,X-mount.mkdir 0 0`]
      case 'folder':
      case 'link':
        return []
    }
  })
  return `${lines.join('\n')}\n`
}

/** The mounts of single files, for which `enter.sh` makes a file to be mounted on. */
export function fileTable(mounts: readonly Mount[], stage: string): string {
  const lines = mounts.flatMap((mount) => {
    if (mount.kind !== 'bind' || mount.isFile !== true) return []
    const options = ['bind', 'ro', ...lockedOptions(mount.from)].join(',')
    return [`${escapeField(mount.from)} ${escapeField(stage + mount.to)} none ${options} 0 0\n`]
  })
  return lines.join('')
}

function escapeField(path: string): string {
  return path.replaceAll('\\', '\\134').replaceAll(' ', '\\040').replaceAll('\t', '\\011')
}
