import { describe, expect, test } from '@jest/globals'
import { findFunctionUrl, type FunctionUrlTarget } from '../../functions/function-urls/function-url.ts'
import { addressedUrl, functionUrlAt } from './url-address.ts'
import { arn, startControlPlane } from '../testing/control-plane.ts'

async function withAlias() {
  const server = startControlPlane()
  await server.create('f')
  await server.call('PublishVersion', { FunctionName: 'f' })
  await server.call('CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '1' })
  return server
}

const idOf = ({ FunctionUrl }: Record<string, unknown>) => {
  const { host, pathname } = new URL(String(FunctionUrl))
  return addressedUrl(host, pathname)?.urlId ?? ''
}

describe('a function URL config', () => {
  test('shows at its creation what was sent, and later all', async () => {
    const server = await withAlias()
    const input = { FunctionName: 'f', AuthType: 'NONE', Cors: { AllowOrigins: ['*'] } }
    const created = await server.call('CreateFunctionUrlConfig', input)
    expect(created).toEqual({
      FunctionUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:9000\/_kubelambda\/url\/[a-z0-9]+\/$/),
      FunctionArn: `${arn}:f`,
      AuthType: 'NONE',
      Cors: { AllowOrigins: ['*'] },
      CreationTime: '2025-11-25T02:46:47.123Z',
    })
    const shown = { ...created, LastModifiedTime: '2025-11-25T02:46:47.123Z', InvokeMode: 'BUFFERED' }
    expect(await server.call('GetFunctionUrlConfig', { FunctionName: 'f' })).toEqual(shown)
    const update = { FunctionName: 'f', Cors: {}, InvokeMode: 'RESPONSE_STREAM' }
    const updated = { ...shown, Cors: undefined, InvokeMode: 'RESPONSE_STREAM' }
    expect(await server.call('UpdateFunctionUrlConfig', update)).toEqual(updated)
    expect(await server.call('ListFunctionUrlConfigs', { FunctionName: 'f' })).toEqual({
      FunctionUrlConfigs: [updated],
    })
    const unsaid = await server.call('UpdateFunctionUrlConfig', { FunctionName: 'f', AuthType: 'NONE' })
    expect(unsaid).toEqual({ ...updated, InvokeMode: undefined })
    const unknown = await server.refusal('UpdateFunctionUrlConfig', { FunctionName: 'nobody', AuthType: 'NONE' })
    expect(unknown).toMatchObject({ status: 404, message: 'Function does not exist' })
  })

  test('leads to its function while it, its alias and the function exist', async () => {
    const server = await withAlias()
    const make = async (members: object) =>
      idOf(await server.call('CreateFunctionUrlConfig', { FunctionName: 'f', AuthType: 'NONE', ...members }))
    const [own, ofAlias] = [await make({}), await make({ Qualifier: 'live' })]
    const target = async (id: string) => {
      const found = await findFunctionUrl(server, id)
      return found === 'closed' ? found : found?.target
    }
    expect(await target(own)).toEqual({ functionName: 'f' })
    expect(await target(ofAlias)).toEqual({ functionName: 'f', alias: 'live' })
    await server.call('DeleteAlias', { FunctionName: 'f', Name: 'live' })
    expect(await target(ofAlias)).toBe('closed')
    await server.call('DeleteFunctionUrlConfig', { FunctionName: 'f' })
    expect(await target(own)).toBeUndefined()
    const again = await make({})
    await server.call('DeleteFunction', { FunctionName: 'f' })
    await server.create('f')
    expect(await target(again)).toBeUndefined()
    expect(await target(ofAlias)).toBeUndefined()
    expect(await server.documents.list({ kind: 'function-url', limit: 10 })).toEqual([])
  })

  test('created by concurrent requests exists once, with one id', async () => {
    const server = await withAlias()
    const input = { FunctionName: 'f', AuthType: 'NONE' }
    const tries = [1, 2, 3].map(() => server.call('CreateFunctionUrlConfig', input))
    const made = (await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled')
    expect(made).toHaveLength(1)
    expect(await server.documents.list<FunctionUrlTarget>({ kind: 'function-url', limit: 10 })).toHaveLength(1)
  })

  test('cannot belong to a version, also if the name contains it', async () => {
    const server = await withAlias()
    const refusal = await server.refusal('CreateFunctionUrlConfig', { FunctionName: 'f:1', AuthType: 'NONE' })
    expect(refusal).toMatchObject({
      type: 'ValidationException',
      message: expect.stringContaining(String.raw`pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)`),
    })
  })
})

test.each([
  [undefined, 'http://127.0.0.1:9000', 'http://127.0.0.1:9000/_kubelambda/url/id/'],
  [undefined, 'https://lambda.example.org', 'https://lambda.example.org/_kubelambda/url/id/'],
  ['localhost:9000', 'http://127.0.0.1:9000', 'http://id.lambda-url.eu-west-1.localhost:9000/'],
  ['example.org', 'https://10.0.0.1', 'https://id.lambda-url.eu-west-1.example.org/'],
  ['https://example.org:8443', 'http://10.0.0.1', 'https://id.lambda-url.eu-west-1.example.org:8443/'],
])('with the host %s, a server reached at %s has its function URLs at %s', (urlHost, baseUrl, url) => {
  expect(functionUrlAt('id', { region: 'eu-west-1', urlHost }, baseUrl)).toBe(url)
})

test.each([
  ['/_kubelambda/url/abc/', { urlId: 'abc', url: '/' }],
  ['/_kubelambda/url/abc', { urlId: 'abc', url: '/' }],
  ['/_kubelambda/url/abc?a=1', { urlId: 'abc', url: '/?a=1' }],
  ['/_kubelambda/url/abc/a%20b//c/?a=%2F', { urlId: 'abc', url: '/a%20b//c/?a=%2F' }],
  ['/_kubelambda/url/', undefined],
  ['/_kubelambda/url/a.b/', undefined],
  ['/_kubelambda/events', undefined],
  ['/x/_kubelambda/url/abc/', undefined],
])('the path %s addresses the function URL %j', (path, addressed) => {
  expect(addressedUrl('127.0.0.1:9000', path)).toEqual(addressed && { ...addressed, isPath: true })
})

test('the host of a function URL wins over a path that looks like one', () => {
  const path = '/_kubelambda/url/other/'
  expect(addressedUrl('abc.lambda-url.us-east-1.localhost', path)).toEqual({ urlId: 'abc', url: path, isPath: false })
})
