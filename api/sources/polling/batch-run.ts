/** The outcome of running a batch. */
export type BatchRun =
  | {
      readonly kind: 'ran'
      readonly requestId: string
      readonly payload: Uint8Array
      readonly executedVersion: string
      readonly functionError?: string
    }
  /** It did not run: a throttle, a function that is deleted or not ready, or an internal error. */
  | {
      readonly kind: 'refused'
      readonly requestId: string
      readonly reason: string
      /** Recursive invocation was detected and stopped. Retrying soon does not help. */
      readonly isLoop?: boolean
    }

/** The settings of a function that sources use. */
export interface BatchTarget {
  readonly timeoutSeconds: number
  readonly roleArn: string
}

/** Runs the mapping's function with an event, in the invocation chain of a trace header if there is one. Never rejects. */
export interface RunBatch {
  (event: object, trace?: string): Promise<BatchRun>
  /** Returns the function's current settings; undefined when the function was deleted. */
  target(): Promise<BatchTarget | undefined>
}
