/** Where an extension is in its life, in the words of AWS's messages and log. `Running`: it works on an event. */
export type ExtensionState =
  'Started' | 'Registered' | 'Ready' | 'Running' | 'LaunchError' | 'InitError' | 'ExitError' | 'Exited'

/** What may follow what. */
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
