/** The life of an environment, as its server sees it. */
export type EnvironmentState = 'starting' | 'idle' | 'busy' | 'finishing' | 'stopped'

/** The states that may follow each. */
export const moves: Record<EnvironmentState, readonly EnvironmentState[]> = {
  starting: ['idle', 'busy', 'finishing', 'stopped'],
  idle: ['busy', 'stopped'],
  busy: ['finishing', 'stopped'],
  finishing: ['idle', 'stopped'],
  stopped: [],
}
