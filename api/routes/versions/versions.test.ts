import { describe, expect, test } from '@jest/globals'
import { arn, startControlPlane, zipOf, type ControlPlaneHarness, type Shown } from '../testing/control-plane.ts'

async function update(server: ControlPlaneHarness, members: object): Promise<void> {
  await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', ...members })
  await server.lifecycle.settled()
}

describe('PublishVersion', () => {
  test('answers an active version under its own ARN and revision, and changes the revision of $LATEST', async () => {
    const server = startControlPlane()
    const { RevisionId } = await server.create('f')
    const one = await server.call('PublishVersion', { FunctionName: 'f', Description: 'first' })
    const expected = { Version: '1', FunctionArn: `${arn}:f:1`, State: 'Active', LastUpdateStatus: 'Successful' }
    expect(one).toMatchObject({ ...expected, Description: 'first' })
    const latest = await server.call('GetFunctionConfiguration', { FunctionName: 'f' })
    expect(new Set([RevisionId, one.RevisionId, latest.RevisionId]).size).toBe(3)
    expect(latest.Description).toBe('')
  })

  test('of what has not changed answers the version there is, untouched', async () => {
    const server = startControlPlane()
    await server.create('f')
    const one = await server.call('PublishVersion', { FunctionName: 'f', Description: 'first' })
    const revision = (await server.catalogue.find('f'))!.revision
    expect(await server.call('PublishVersion', { FunctionName: 'f', Description: 'again' })).toEqual(one)
    expect((await server.catalogue.find('f'))!.revision).toBe(revision)
  })

  test.each<[string, object]>([
    ['configuration', { Timeout: 9 }],
    ['description', { Description: 'new' }],
  ])('after a change of %s makes a new version', async (_what, members) => {
    const server = startControlPlane()
    await server.create('f', { Publish: true })
    await update(server, members)
    expect(await server.call('PublishVersion', { FunctionName: 'f' })).toMatchObject({ Version: '2', ...members })
  })

  test('holds what it was when $LATEST moves on', async () => {
    const server = startControlPlane()
    await server.create('f', { Publish: true })
    const one = await server.call('GetFunctionConfiguration', { FunctionName: 'f', Qualifier: '1' })
    await server.call('UpdateFunctionCode', { FunctionName: 'f', ZipFile: await zipOf('two') })
    await server.lifecycle.settled()
    expect(await server.call('GetFunctionConfiguration', { FunctionName: 'f', Qualifier: '1' })).toEqual(one)
  })

  test('guarded by another hash or revision is refused', async () => {
    const server = startControlPlane()
    const { CodeSha256 } = await server.create('f')
    expect(await server.refusal('PublishVersion', { FunctionName: 'f', CodeSha256: 'x' })).toMatchObject({
      status: 400,
      message:
        `CodeSHA256 (x) is different from current CodeSHA256 in $LATEST (${CodeSha256}). ` +
        'Please try again with the CodeSHA256 in $LATEST.',
    })
    expect(await server.refusal('PublishVersion', { FunctionName: 'f', RevisionId: 'x' })).toMatchObject({
      status: 412,
    })
    expect(await server.refusal('PublishVersion', { FunctionName: 'g' })).toMatchObject({ status: 404 })
  })
})

describe('lists', () => {
  async function pages(
    server: ControlPlaneHarness,
    operation: 'ListFunctions' | 'ListVersionsByFunction',
    input: object,
  ) {
    const found: Shown[][] = []
    let marker: string | undefined
    do {
      const page = await server.call(operation, { ...input, Marker: marker })
      found.push((page['Functions'] ?? page['Versions']) as Shown[])
      marker = page['NextMarker'] as string | undefined
    } while (marker !== undefined)
    return found.map((page) => page.map(({ FunctionArn }) => String(FunctionArn).slice(arn.length + 1)))
  }

  async function filled() {
    const server = startControlPlane()
    for (const name of ['b', 'a', 'f']) await server.create(name)
    for (const Timeout of [4, 5, 6]) {
      await update(server, { Timeout })
      await server.call('PublishVersion', { FunctionName: 'f' })
    }
    return server
  }

  test('of functions are by name, in pages', async () => {
    const server = await filled()
    expect(await pages(server, 'ListFunctions', {})).toEqual([['a', 'b', 'f']])
    expect(await pages(server, 'ListFunctions', { MaxItems: 2 })).toEqual([['a', 'b'], ['f']])
  })

  test('of all versions of all functions have qualified ARNs', async () => {
    const server = await filled()
    const all = ['a:$LATEST', 'b:$LATEST', 'f:$LATEST', 'f:1', 'f:2', 'f:3']
    expect(await pages(server, 'ListFunctions', { FunctionVersion: 'ALL' })).toEqual([all])
    const inTwos = [all.slice(0, 2), all.slice(2, 4), all.slice(4)]
    expect(await pages(server, 'ListFunctions', { FunctionVersion: 'ALL', MaxItems: 2 })).toEqual(inTwos)
  })

  test('of versions begin with $LATEST', async () => {
    const server = await filled()
    const input = { FunctionName: 'f', MaxItems: 3 }
    expect(await pages(server, 'ListVersionsByFunction', input)).toEqual([['f:$LATEST', 'f:1', 'f:2'], ['f:3']])
    expect(await pages(server, 'ListVersionsByFunction', { ...input, MaxItems: 1 })).toHaveLength(4)
  })

  test('have items without states', async () => {
    const server = await filled()
    const [item] = (await server.call('ListFunctions')).Functions
    for (const key of ['State', 'LastUpdateStatus', 'RuntimeVersionConfig']) expect(item).not.toHaveProperty(key)
    expect(item).toMatchObject({ FunctionName: 'a', RevisionId: expect.any(String), Version: '$LATEST' })
  })

  test('refuse markers that no list gave out', async () => {
    const server = await filled()
    expect(await server.refusal('ListFunctions', { Marker: '???' })).toMatchObject({ status: 400 })
  })
})
