/** The state of an extension, in the words of AWS's messages and log. `Running`: it is processing an event. */
export type ExtensionState =
  'Started' | 'Registered' | 'Ready' | 'Running' | 'LaunchError' | 'InitError' | 'ExitError' | 'Exited'

/** The allowed transitions. */
export const extensionMoves: Readonly<Record<ExtensionState, readonly ExtensionState[]>> = {
  Started: ['Registered', 'LaunchError', 'Exited'],
  Registered: ['Ready', 'Running', 'InitError', 'ExitError', 'Exited'],
  Ready: ['Running', 'ExitError', 'Exited'],
  Running: ['Ready', 'ExitError', 'Exited'],
  LaunchError: [],
  InitError: [],
  ExitError: [],
  Exited: [],
}
