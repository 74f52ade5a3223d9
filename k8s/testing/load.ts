import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'

/** The results of invocations under load so far. */
export interface Outcome {
  readonly answers: unknown[]
  /** Name and message of each error. */
  readonly failures: string[]
}

/** Continuous concurrent invocations. */
export interface Load {
  readonly outcome: Outcome
  /** Stops, and resolves when running invocations have ended. */
  stop(): Promise<Outcome>
}

/** Invokes a function continuously, `width` invocations at once; each event has its own `id`. */
export function startLoad(
  client: LambdaClient,
  FunctionName: string,
  { width = 3, event = {} }: { readonly width?: number; readonly event?: object } = {},
): Load {
  const outcome: Outcome = { answers: [], failures: [] }
  let lastId = 0
  let isOver = false
  const worker = async (): Promise<void> => {
    while (!isOver) {
      try {
        outcome.answers.push(await ask(client, FunctionName, { ...event, id: ++lastId }))
      } catch (error) {
        outcome.failures.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
        // Immediate rejections must not cause a tight loop.
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }
  const workers = Array.from({ length: width }, worker)
  return {
    outcome,
    stop: async () => {
      isOver = true
      await Promise.all(workers)
      return outcome
    },
  }
}

async function ask(client: LambdaClient, FunctionName: string, event: { readonly id: number }): Promise<unknown> {
  const answer = await client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }))
  const text = answer.Payload?.transformToString() ?? ''
  const parsed = JSON.parse(text) as { readonly id?: unknown }
  if (answer.FunctionError !== undefined || parsed.id !== event.id) throw new Error(`unexpected response:  ${text}`)
  return parsed
}
