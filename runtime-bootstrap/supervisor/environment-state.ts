import type { Assignment, EnvironmentStatus } from '../protocol/protocol.ts'
import type { RuntimeState } from '../runtime-api/runtime-events.ts'

/** The state of an environment. `down`: no runtime is running; the next invocation initialises again. */
export type State = 'generic' | 'initialising' | 'ready' | 'running' | 'responded' | 'down' | 'stopped'

/** The allowed transitions. */
export const moves: Readonly<Record<State, readonly State[]>> = {
  generic: ['initialising', 'stopped'],
  initialising: ['ready', 'down', 'stopped'],
  ready: ['running', 'down', 'stopped'],
  running: ['responded', 'down', 'stopped'],
  responded: ['ready', 'down', 'stopped'],
  down: ['initialising', 'stopped'],
  stopped: [],
}

/** Each state's name in the Runtime API. */
export const runtimeStates: Readonly<Record<State, RuntimeState>> = {
  generic: 'Started',
  initialising: 'Started',
  ready: 'Ready',
  running: 'Running',
  responded: 'RuntimeResponseSentState',
  down: 'RuntimeResponseSentState',
  stopped: 'RuntimeResponseSentState',
}

/** The status reported to a server that takes the environment over. */
export function statusOf(assignment: Assignment | undefined, isBusy: boolean): EnvironmentStatus {
  if (assignment === undefined) return { state: 'generic' }
  const { key } = assignment
  return { state: isBusy ? 'busy' : 'idle', ...(key === undefined ? {} : { key }) }
}
