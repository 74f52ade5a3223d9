import type { IncomingMessage, Server, ServerResponse } from 'node:http'

/** Drains clients before their connections are closed. */
export interface GracefulShutdown {
  /** From now on each response has `Connection: close`, so that the client opens its next connection elsewhere. */
  begin(): void
}

/**
 * Prepares the graceful shutdown of a server. A client may send a request on a kept-alive connection at the moment in which the
 * server closes it, and cannot know whether it was processed. It has to be told before.
 */
export function prepareGracefulShutdown(server: Server): GracefulShutdown {
  const unanswered = new Set<ServerResponse>()
  let isShuttingDown = false
  const announceClose = (response: ServerResponse): void => {
    if (!response.headersSent) response.setHeader('connection', 'close')
  }
  server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
    if (isShuttingDown) return announceClose(response)
    unanswered.add(response)
    response.once('close', () => unanswered.delete(response))
  })
  return {
    begin() {
      isShuttingDown = true
      for (const response of unanswered) announceClose(response)
    },
  }
}
