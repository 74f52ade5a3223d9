import type { ApiReply } from './http-connection.ts'

const accepted = Buffer.from('{"status":"OK"}\n')
const json = 'Content-Type: application/json\r\n'

/** 202 with AWS's body. */
export function sendAccepted(reply: ApiReply): void {
  reply.send(`202 Accepted\r\n${json}`, accepted)
}

/** A refusal with AWS's body; `status` is code and reason. */
export function sendError(reply: ApiReply, status: string, errorType: string, errorMessage: string): void {
  reply.send(`${status}\r\n${json}`, Buffer.from(`${JSON.stringify({ errorMessage, errorType })}\n`))
}

export function sendText(reply: ApiReply, status: string, text: string): void {
  reply.send(`${status}\r\nContent-Type: text/plain; charset=utf-8\r\n`, Buffer.from(text))
}

/** Refuses a request that comes in the wrong order. */
export function sendInvalidTransition(reply: ApiReply, from: string, to: string): void {
  const message = `State transition from ${from} to ${to} failed for runtime. Error: State transition is not allowed`
  sendError(reply, '403 Forbidden', 'InvalidStateTransition', message)
}
