import assert from 'node:assert/strict'
import {
  InvokeWithResponseStreamCommand,
  type InvokeWithResponseStreamCommandInput,
  type InvokeWithResponseStreamCompleteEvent,
} from '@aws-sdk/client-lambda'
import type { Area } from '../../case/case.ts'
import { answers, invalid, notFound, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** A whole streamed answer. */
interface Streamed {
  readonly status: number | undefined
  readonly executedVersion: string | undefined
  readonly contentType: string | undefined
  readonly requestId: string | undefined
  readonly text: string
  /** When each chunk came, on the monotonic clock. */
  readonly timesMs: readonly number[]
  readonly complete: InvokeWithResponseStreamCompleteEvent
  /** The log tail, decoded. */
  readonly log: string
}

type Options = Omit<InvokeWithResponseStreamCommandInput, 'FunctionName' | 'Payload'>

async function stream(
  lambda: CaseContext,
  name: string,
  event: unknown = {},
  options: Options = {},
): Promise<Streamed> {
  const output = await lambda.client.send(
    new InvokeWithResponseStreamCommand({
      FunctionName: name,
      Payload: Buffer.from(JSON.stringify(event)),
      ...options,
    }),
  )
  const chunks: Uint8Array[] = []
  const timesMs: number[] = []
  const completions: InvokeWithResponseStreamCompleteEvent[] = []
  for await (const { PayloadChunk, InvokeComplete } of output.EventStream ?? []) {
    assert.equal(completions.length, 0, 'something came behind InvokeComplete')
    if (PayloadChunk?.Payload) {
      chunks.push(PayloadChunk.Payload)
      timesMs.push(performance.now())
    }
    if (InvokeComplete) completions.push(InvokeComplete)
  }
  const [complete] = completions
  assert.ok(complete, 'there was no InvokeComplete')
  return {
    status: output.StatusCode,
    executedVersion: output.ExecutedVersion,
    contentType: output.ResponseStreamContentType,
    requestId: output.$metadata.requestId,
    text: Buffer.concat(chunks).toString('utf8'),
    timesMs,
    complete,
    log: Buffer.from(complete.LogResult ?? '', 'base64').toString('utf8'),
  }
}

function succeeded({ complete }: Streamed): void {
  assert.deepEqual([complete.ErrorCode ?? null, complete.ErrorDetails ?? null], [null, null])
}

function detailsOf({ complete }: Streamed): Record<string, unknown> {
  assert.ok(complete.ErrorCode, 'InvokeComplete has no ErrorCode')
  return JSON.parse(complete.ErrorDetails ?? '') as Record<string, unknown>
}

/** InvokeWithResponseStream. */
export const streaming: Area = {
  name: 'streaming',
  cases: [
    {
      name: 'a streamed response consists of events: the bytes, then InvokeComplete without an error',
      run: async (lambda) => {
        const answer = await stream(lambda, await lambda.create('streaming'), { chunks: 3 })
        assert.equal(answer.text, 'chunk 0\nchunk 1\nchunk 2\n')
        succeeded(answer)
        assert.equal(answer.complete.LogResult ?? null, null)
        assert.deepEqual([answer.status, answer.executedVersion], [200, '$LATEST'])
        assert.equal(answer.contentType, 'application/vnd.amazon.eventstream')
        assert.match(answer.requestId ?? '', uuid)
      },
    },
    {
      name: 'bytes arrive while the function runs',
      run: async (lambda) => {
        const { text, timesMs } = await stream(lambda, await lambda.create('streaming'), { chunks: 2, pauseMs: 1500 })
        assert.equal(text, 'chunk 0\nchunk 1\n')
        assert.ok((timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0) > 750, 'all of it came at once')
      },
    },
    {
      name: 'a function that does not stream works too',
      run: async (lambda) => {
        const answer = await stream(lambda, await lambda.create('echo-node'), { key: 'größe' })
        assert.equal(answer.text, '{"key":"größe"}')
        succeeded(answer)
      },
    },
    {
      name: 'a stream above the buffered limit is forwarded byte for byte',
      timeoutMs: 120_000,
      run: async (lambda) => {
        const bytes = 8 * 1024 * 1024 + 1
        const name = await lambda.create('streaming', { Handler: 'index.large', Timeout: 60 })
        const answer = await stream(lambda, name, { bytes })
        succeeded(answer)
        assert.equal(answer.text.length, bytes)
        for (let piece = 0; piece * 65_536 < bytes; piece += 1) {
          const letter = String.fromCharCode(97 + (piece % 26))
          assert.equal(answer.text[piece * 65_536], letter, `piece ${String(piece)}`)
        }
      },
    },
    {
      name: 'a function that does not stream stays limited to 6 MB',
      run: async (lambda) => {
        const name = await lambda.create('misbehave-node', { Timeout: 20, MemorySize: 256 })
        const answer = await stream(lambda, name, { do: 'large', bytes: 6_291_557 })
        assert.equal(detailsOf(answer)['errorType'], 'Function.ResponseSizeTooLarge')
      },
    },
    {
      name: 'an HTTP stream has a prelude, then eight zero bytes',
      run: async (lambda) => {
        const answer = await stream(lambda, await lambda.create('streaming', { Handler: 'index.http' }))
        const [prelude, body] = answer.text.split('\0\0\0\0\0\0\0\0')
        assert.deepEqual(JSON.parse(prelude ?? ''), { statusCode: 201, headers: { 'x-streamed': 'yes' } })
        assert.equal(body, 'streamed body')
      },
    },
    {
      name: 'the log tail is in InvokeComplete, from START to REPORT',
      run: async (lambda) => {
        const answer = await stream(lambda, await lambda.create('streaming'), {}, { LogType: 'Tail' })
        assert.match(answer.log, /^START RequestId: /)
        assert.match(answer.log, new RegExp(`\nREPORT RequestId: ${answer.requestId ?? ''}\t`))
      },
    },
    {
      name: 'an error mid-stream follows the bytes, in InvokeComplete',
      run: async (lambda) => {
        const name = await lambda.create('streaming')
        const answer = await stream(lambda, name, { chunks: 2, pauseMs: 50, fail: true })
        assert.equal(answer.text, 'chunk 0\nchunk 1\n')
        assert.equal(detailsOf(answer)['errorMessage'], 'failed in the middle')
        const next = await stream(lambda, name, { chunks: 0, then: 'count' })
        assert.equal(next.text, 'call 2')
      },
    },
    {
      name: 'an error before the first byte is in InvokeComplete',
      run: async (lambda) => {
        const answer = await stream(lambda, await lambda.create('streaming'), { failFirst: true })
        assert.equal(answer.status, 200)
        assert.equal(answer.complete.ErrorCode, 'Unhandled')
        assert.equal(detailsOf(answer)['errorMessage'], 'failed before the first byte')
      },
    },
    {
      name: 'a timeout mid-stream ends the stream, and the next invocation initialises again',
      run: async (lambda) => {
        const name = await lambda.create('streaming', { Timeout: 3 })
        const answer = await stream(lambda, name, { chunks: 1, then: 'hang' }, { LogType: 'Tail' })
        assert.equal(answer.text, 'chunk 0\n')
        assert.equal(answer.complete.ErrorCode, 'Sandbox.Timedout')
        assert.match(answer.log, /Task timed out after 3\.00 seconds/)
        const next = await stream(lambda, name, { chunks: 0, then: 'count' })
        succeeded(next)
        assert.equal(next.text, 'call 1')
      },
    },
    {
      name: 'a runtime that exits mid-stream ends the stream with a sandbox failure',
      run: async (lambda) => {
        const answer = await stream(lambda, await lambda.create('streaming'), { chunks: 1, pauseMs: 50, then: 'exit' })
        assert.equal(answer.text, 'chunk 0\n')
        assert.equal(answer.complete.ErrorCode, 'Sandbox.Failure')
      },
    },
    {
      name: 'what Invoke gets of a streaming function is the whole of it',
      run: async (lambda) => {
        const answer = await lambda.invoke(await lambda.create('streaming'), { chunks: 2 })
        assert.deepEqual([answer.text, answer.functionError], ['chunk 0\nchunk 1\n', undefined])
      },
    },
    {
      name: 'a version or alias names the version that ran',
      run: async (lambda) => {
        const name = await lambda.create('streaming')
        const version = await lambda.publish(name)
        const answer = await stream(lambda, name, { chunks: 1 }, { Qualifier: version })
        assert.deepEqual([answer.text, answer.executedVersion], ['chunk 0\n', version])
      },
    },
    {
      name: 'DryRun returns 204 without running the function',
      run: async (lambda) => {
        const name = await lambda.create('streaming')
        const path = `/2021-11-15/functions/${name}/response-streaming-invocations`
        const headers = { 'x-amz-invocation-type': 'DryRun' }
        const { status, text } = await lambda.raw({ method: 'POST', path, headers, body: '{}' })
        assert.deepEqual([status, text], [204, ''])
        assert.equal((await stream(lambda, name, { chunks: 0, then: 'count' })).text, 'call 1')
      },
    },
    {
      name: 'what is wrong before the stream is an ordinary error',
      run: async (lambda) => {
        const name = lambda.newName()
        await refuses(stream(lambda, name), notFound(`Function not found: ${lambda.arn(name, '$LATEST')}`))
        const real = await lambda.create('streaming')
        const command = new InvokeWithResponseStreamCommand({ FunctionName: real, Payload: Buffer.from('{"broken"') })
        await refuses(lambda.client.send(command), { status: 400, name: 'InvalidRequestContentException' })
        await refuses(
          stream(lambda, real, {}, { InvocationType: 'Event' as 'RequestResponse' }),
          invalid(
            "Value 'Event' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [RequestResponse, DryRun]",
          ),
        )
      },
    },
    {
      name: 'an event of 6 MB is accepted, one byte more is 413',
      run: async (lambda) => {
        const name = await lambda.create('streaming', { MemorySize: 512, Timeout: 20 })
        const filler = (bytes: number): string => 'x'.repeat(bytes - '{"filler":""}'.length)
        const answer = await stream(lambda, name, { filler: filler(6_291_456) })
        succeeded(answer)
        assert.equal(answer.text.length, 24)
        const refused = stream(lambda, name, { filler: filler(6_291_457) })
        await refuses(refused, { status: 413, name: 'RequestTooLargeException' })
      },
    },
    {
      name: 'a caller that disconnects does not end the function',
      run: async (lambda) => {
        const name = await lambda.create('streaming', { Timeout: 20 })
        const controller = new AbortController()
        const command = new InvokeWithResponseStreamCommand({
          FunctionName: name,
          Payload: Buffer.from('{"chunks":4,"pauseMs":250}'),
        })
        const output = await lambda.client.send(command, { abortSignal: controller.signal })
        for await (const event of output.EventStream ?? []) if (event.PayloadChunk) break
        controller.abort()
        answers(await lambda.invoke(await lambda.create('echo-node'), 1), 1)
        assert.equal((await stream(lambda, name, { chunks: 1 })).text, 'chunk 0\n')
      },
    },
  ],
}
