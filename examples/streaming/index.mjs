import { setTimeout as pause } from 'node:timers/promises'

// AWS's Node.js runtime defines `awslambda`, and so does this server.
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const response = awslambda.HttpResponseStream.from(stream, {
    statusCode: 200,
    headers: { 'content-type': 'text/plain' },
  })
  for (const count of [3, 2, 1]) {
    response.write(`${count}\n`)
    await pause(500)
  }
  response.write('go\n')
  response.end()
})
