import type { IncomingMessage, Server, ServerResponse } from 'node:http'

/** How a server that will end has its clients leave before it hangs up. */
export interface GracefulShutdown {
  /** From now on each answer says that its connection ends with it, so that the next request opens one elsewhere. */
  begin(): void
}

/**
 * Prepares a server for its end. A client that keeps a connection may send a request in the very moment in which the server closes
 * it, and cannot know whether it was run: it has to be told before.
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
