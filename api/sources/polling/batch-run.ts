/** What came of running a batch. */
export type BatchRun =
  | {
      readonly kind: 'ran'
      readonly requestId: string
      readonly payload: Uint8Array
      readonly executedVersion: string
      readonly functionError?: string
    }
  /** It did not run: a throttle, a function that is gone or not ready, or a fault of ours. */
  | {
      readonly kind: 'refused'
      readonly requestId: string
      readonly reason: string
      /** The function went in circles and was stopped: trying again soon is of no use. */
      readonly isLoop?: boolean
    }

/** What sources ask of a function. */
export interface BatchTarget {
  readonly timeoutSeconds: number
  readonly roleArn: string
}

/** Runs the mapping's function with an event, in the chain of calls of a trace header if there is one; never rejects. */
export interface RunBatch {
  (event: object, trace?: string): Promise<BatchRun>
  /** The function's settings as they are now; nothing when the function is gone. */
  target(): Promise<BatchTarget | undefined>
}
