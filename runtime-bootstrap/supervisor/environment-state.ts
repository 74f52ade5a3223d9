import type { Assignment, EnvironmentStatus } from '../protocol/protocol.ts'
import type { RuntimeState } from '../runtime-api/runtime-events.ts'

/** Where an environment is in its life. `down`: no runtime runs, the next invocation initialises again. */
export type State = 'generic' | 'initialising' | 'ready' | 'running' | 'responded' | 'down' | 'stopped'

/** What may follow what. */
export const moves: Readonly<Record<State, readonly State[]>> = {
  generic: ['initialising', 'stopped'],
  initialising: ['ready', 'down', 'stopped'],
  ready: ['running', 'down', 'stopped'],
  running: ['responded', 'down', 'stopped'],
  responded: ['ready', 'down', 'stopped'],
  down: ['initialising', 'stopped'],
  stopped: [],
}

/** The same, as the Runtime API calls it. */
export const runtimeStates: Readonly<Record<State, RuntimeState>> = {
  generic: 'Started',
  initialising: 'Started',
  ready: 'Ready',
  running: 'Running',
  responded: 'RuntimeResponseSentState',
  down: 'RuntimeResponseSentState',
  stopped: 'RuntimeResponseSentState',
}

/** What a server that takes the environment over finds. */
export function statusOf(assignment: Assignment | undefined, isBusy: boolean): EnvironmentStatus {
  if (assignment === undefined) return { state: 'generic' }
  const { key } = assignment
  return { state: isBusy ? 'busy' : 'idle', ...(key === undefined ? {} : { key }) }
}
