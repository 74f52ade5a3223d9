/**
 * Keeps a supervisor small and its first thousands of invocations cheap: a small heap, one helper thread, and no second
 * optimiser, whose compiling costs more than it gives to code that mostly waits for the system.
 */
export const supervisorNodeFlags: readonly string[] = [
  '--max-semi-space-size=1',
  '--max-old-space-size=64',
  '--v8-pool-size=1',
  '--no-opt',
]
