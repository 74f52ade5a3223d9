import type { IsolationPolicy } from './isolation.ts'
import type { Isolation } from './sandbox.ts'

/** What each kind isolates. */
const parts: Readonly<Record<Isolation, readonly string[]>> = {
  root: ['files', 'processes', 'users', 'events'],
  bubblewrap: ['files', 'processes', 'events'],
  namespaces: ['files', 'processes', 'events'],
  users: ['users', 'events'],
  none: [],
}
/** `events`: only processes of the environment may use its Runtime API. */
const all = ['files', 'processes', 'users', 'events', 'system-calls', 'network', 'kernel']

/** What is isolated, and what is not. */
export function reportOf(kind: Isolation, hasFilter = false) {
  const isolated = hasFilter && kind !== 'none' ? [...parts[kind], 'system-calls'] : parts[kind]
  return { kind, isolated, shared: all.filter((part) => !isolated.includes(part)) }
}

/** What to say of the kind at start, if anything; the complaints say why no better one works. */
export function isolationWarning(
  kind: Isolation,
  complaints: readonly string[],
  policy: IsolationPolicy,
): string | undefined {
  if (kind === 'users') {
    return (
      "Functions run as plain processes, each environment as a user of its own: they see this machine's files and processes, " +
      `share its /tmp, and have their code elsewhere than /var/task${reasons(complaints)}. ` +
      'To isolate them let the server create namespaces, or install bubblewrap and allow user namespaces.'
    )
  }
  if (kind !== 'none') return undefined
  const user = policy === 'none' ? ' as the user of this server, as KUBELAMBDA_ISOLATION=none demands' : ''
  return (
    `Functions run as plain processes${user}: they see this machine's files, share its /tmp, ` +
    "can take each other's events from the Runtime APIs, " +
    `and have their code elsewhere than /var/task${reasons(complaints)}. ` +
    'To isolate them run on Linux as root, or install bubblewrap and allow user namespaces.'
  )
}

/** Why the server does not start. */
export function isolationFault(complaints: readonly string[], policy: IsolationPolicy): string {
  const demand =
    policy === 'required'
      ? 'KUBELAMBDA_ISOLATION=required'
      : 'the server runs as root, and functions would see and change everything'
  return (
    `Functions cannot be isolated, and must be: ${demand}${reasons(complaints)}. Allow what is missing, ` +
    'run the server as another user, or set KUBELAMBDA_ISOLATION=none to run functions as plain processes of its user.'
  )
}

function reasons(complaints: readonly string[]): string {
  return complaints.length === 0 ? '' : ` (${complaints.join('; ')})`
}
