import assert from 'node:assert/strict'
import { DeleteLayerVersionCommand, PublishLayerVersionCommand } from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import type { CaseContext } from '../../case/case-context.ts'

/** Extensions: programs in a layer that run beside the function. */
export const extensions: Area = {
  name: 'extensions',
  cases: [
    {
      name: 'an extension in a layer receives an event for each invocation, and writes to the function’s log',
      run: async (lambda) => {
        const name = await lambda.create('hello-node', { Layers: [await publishWitness(lambda)] })
        for (let round = 0; round < 2; round++) {
          const { log, requestId, text } = await lambda.invoke(name, {}, { LogType: 'Tail' })
          assert.ok(text.length > 0)
          const lines = log.split('\n')
          assert.ok(lines.includes(`witness: invocation ${requestId}`), log)
          assert.ok(lines.includes(`END RequestId: ${requestId}`), log)
        }
      },
    },
    {
      name: 'an extension is notified of a timeout, and runs again in the next invocation',
      run: async (lambda) => {
        const Layers = [await publishWitness(lambda)]
        const name = await lambda.create('misbehave-node', { Layers, Timeout: 2 })
        const hung = await lambda.invoke(name, { do: 'sleep', ms: 60_000 })
        assert.equal(hung.functionError, 'Unhandled')
        assert.match(hung.text, /Task timed out after 2\.00 seconds/)
        const { log, requestId } = await lambda.invoke(name, { do: 'count' }, { LogType: 'Tail' })
        assert.ok(log.includes(`witness: invocation ${requestId}`), log)
      },
    },
  ],
}

/** Publishes a layer whose extension writes each of its events to the log; it is deleted when the case is over. */
async function publishWitness(lambda: CaseContext): Promise<string> {
  const LayerName = lambda.newName()
  const ZipFile = await lambda.zip('layer-extension')
  const { LayerVersionArn = '', Version } = await lambda.client.send(
    new PublishLayerVersionCommand({ LayerName, Content: { ZipFile } }),
  )
  lambda.afterwards(() => lambda.client.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber: Version })))
  return LayerVersionArn
}
