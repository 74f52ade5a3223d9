import { unsupported, type ErrorFormat } from './error-format.ts'

/** REST with JSON: API Gateway, EventBridge Scheduler, and most that are younger. */
export const restJsonError: ErrorFormat = ({ message }) => ({
  status: unsupported.status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': unsupported.code },
  body: Buffer.from(JSON.stringify({ message })),
})
