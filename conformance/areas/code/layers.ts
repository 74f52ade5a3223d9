import assert from 'node:assert/strict'
import {
  CreateFunctionCommand,
  DeleteLayerVersionCommand,
  GetFunctionConfigurationCommand,
  GetLayerVersionByArnCommand,
  GetLayerVersionCommand,
  ListLayersCommand,
  ListLayerVersionsCommand,
  PublishLayerVersionCommand,
  UpdateFunctionConfigurationCommand,
  type PublishLayerVersionCommandInput,
} from '@aws-sdk/client-lambda'
import type { FixtureName } from '../../../fixtures/fixtures.ts'
import type { Area, Case } from '../../case/case.ts'
import { answers, badParameter, notFound, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const missing = notFound('The resource you requested does not exist.')

/** Layers: published, shown, listed, deleted, and applied to functions. */
export const layers: Area = {
  name: 'layers',
  cases: [
    {
      name: 'PublishLayerVersion returns 201 with content, ARNs, an empty description and empty lists',
      run: async (lambda) => {
        const name = lambda.newName()
        const published = await publish(lambda, name)
        assert.equal(published.$metadata.httpStatusCode, 201)
        const { CodeSha256, CodeSize, Location } = published.Content ?? {}
        const zip = await lambda.zip('layer-lower')
        assert.equal(CodeSize, zip.length)
        assert.ok((await lambda.download(Location ?? '')).equals(zip))
        assert.match(CodeSha256 ?? '', /^[A-Za-z0-9+/]{43}=$/)
        assert.match(published.CreatedDate ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/)
        const { LayerArn, LayerVersionArn, Version, Description, LicenseInfo } = published
        assert.deepEqual(
          { LayerArn, LayerVersionArn, Version, Description, LicenseInfo },
          {
            ...{ LayerArn: lambda.layerArn(name), LayerVersionArn: lambda.layerArn(name, 1) },
            ...{ Version: 1, Description: '', LicenseInfo: undefined },
          },
        )
        assert.deepEqual([published.CompatibleRuntimes, published.CompatibleArchitectures], [undefined, undefined])
      },
    },
    {
      name: 'a layer version is found by number, by the layer’s ARN and by its own ARN',
      run: async (lambda) => {
        const name = lambda.newName()
        await publish(lambda, name, { LicenseInfo: 'MIT', Description: 'd', CompatibleRuntimes: ['ruby3.3'] })
        const byNumber = await get(lambda, name, 1)
        const byArn = await lambda.client.send(new GetLayerVersionByArnCommand({ Arn: lambda.layerArn(name, 1) }))
        for (const found of [byNumber, byArn, await get(lambda, lambda.layerArn(name), 1)]) {
          const { Description, LicenseInfo, CompatibleRuntimes, Version } = found
          assert.deepEqual(
            { Description, LicenseInfo, CompatibleRuntimes, Version },
            { Description: 'd', LicenseInfo: 'MIT', CompatibleRuntimes: ['ruby3.3'], Version: 1 },
          )
        }
      },
    },
    {
      name: 'numbers are never used twice, and a deletion is 204 also when repeated',
      run: async (lambda) => {
        const name = lambda.newName()
        await publish(lambda, name)
        for (let count = 0; count < 2; count++) {
          const deletion = await remove(lambda, name, 1)
          assert.equal(deletion.$metadata.httpStatusCode, 204)
        }
        assert.equal((await publish(lambda, name)).Version, 2)
        await refuses(get(lambda, name, 1), missing)
        await refuses(get(lambda, name, 0), badParameter('Layer Version Cannot be less than 1'))
        await refuses(get(lambda, lambda.newName(), 1), missing)
      },
    },
    {
      name: 'versions are listed newest first, without content, page by page',
      run: async (lambda) => {
        const name = lambda.newName()
        for (let count = 0; count < 3; count++) await publish(lambda, name)
        const first = await list(lambda, name, { MaxItems: 2 })
        assert.deepEqual(
          first.LayerVersions?.map(({ Version }) => Version),
          [3, 2],
        )
        assert.ok(first.NextMarker)
        assert.ok(first.LayerVersions.every((version) => !('Content' in version)))
        const second = await list(lambda, name, { MaxItems: 2, Marker: first.NextMarker })
        assert.deepEqual([second.LayerVersions?.map(({ Version }) => Version), second.NextMarker], [[1], undefined])
        assert.deepEqual((await list(lambda, lambda.newName())).LayerVersions, [])
      },
    },
    {
      name: 'lists filter by runtime and architecture',
      run: async (lambda) => {
        const name = lambda.newName()
        await publish(lambda, name, { CompatibleRuntimes: ['ruby3.3'], CompatibleArchitectures: ['arm64'] })
        await publish(lambda, name, { CompatibleRuntimes: ['python3.12'] })
        const numbers = async (filter: object) =>
          (await list(lambda, name, filter)).LayerVersions?.map(({ Version }) => Version)
        assert.deepEqual(await numbers({ CompatibleRuntime: 'ruby3.3' }), [1])
        assert.deepEqual(await numbers({ CompatibleArchitecture: 'arm64' }), [1])
        assert.deepEqual(await numbers({ CompatibleRuntime: 'java21' }), [])
      },
    },
    {
      name: 'ListLayers shows a layer with its newest version, and no layer without versions',
      run: async (lambda) => {
        const [kept, gone] = [lambda.newName(), lambda.newName()]
        for (const name of [kept, kept, gone]) await publish(lambda, name)
        await remove(lambda, gone, 1)
        const all = await allLayers(lambda)
        assert.equal(all.get(gone), undefined)
        assert.equal(all.get(kept), 2)
      },
    },
    {
      name: 'a layer that is not a zip is refused',
      run: async (lambda) => {
        const Content = { ZipFile: Buffer.from('text') }
        const call = lambda.client.send(new PublishLayerVersionCommand({ LayerName: lambda.newName(), Content }))
        await refuses(
          call,
          badParameter('Could not unzip uploaded file. Please check your file, then try to upload again.'),
        )
      },
    },
    {
      name: 'a function lists its layers with their sizes, in their order, also when a version is deleted',
      run: async (lambda) => {
        const { arns, sizes } = await bothLayers(lambda)
        const name = await lambda.create('hello-node', { Layers: arns })
        const expected = arns.map((Arn, index) => ({ Arn, CodeSize: sizes[index] }))
        assert.deepEqual((await lambda.configuration(name)).Layers, expected)
        await remove(lambda, arns[0]?.split(':')[6] ?? '', 1)
        assert.deepEqual((await lambda.configuration(name)).Layers, expected)
        await lambda.configure(name, { Timeout: 7 })
        assert.deepEqual((await lambda.configuration(name)).Layers, expected)
        await lambda.configure(name, { Layers: [] })
        assert.equal((await lambda.configuration(name)).Layers, undefined)
      },
    },
    ...refusals(),
    using('layered-node', { imported: 'upper', file: 'upper', data: ['only-lower.txt', 'only-upper.txt', 'word.txt'] }),
    using('layered-python', {}, 'python'),
    using('layered-ruby', {}, 'ruby'),
    {
      name: 'the next invocation sees changed layers, a published version keeps its own, and deletion affects neither',
      run: async (lambda) => {
        const { arns } = await bothLayers(lambda)
        const name = await lambda.create('layered-node', { Layers: arns })
        const version = await lambda.publish(name)
        await lambda.configure(name, { Layers: arns.toReversed() })
        const data = ['only-lower.txt', 'only-upper.txt', 'word.txt']
        const saying = (word: string) => ({ word, imported: word, tool: word, file: word, data })
        answers(await lambda.invoke(name), saying('lower'))
        for (const arn of arns) await remove(lambda, arn.split(':')[6] ?? '', 1)
        answers(await lambda.invoke(name, {}, { Qualifier: version }), saying('upper'))
        answers(await lambda.invoke(name), saying('lower'))
      },
    },
  ],
}

function refusals(): Case[] {
  const refused = (
    text: string,
    arnsOf: (arns: readonly string[], lambda: CaseContext) => string[],
    message: RegExp,
  ): Case => ({
    name: `${text} are refused, at creation and later`,
    run: async (lambda) => {
      const { arns } = await bothLayers(lambda)
      const Layers = arnsOf(arns, lambda)
      const create = new CreateFunctionCommand(await lambda.input('hello-node', { Layers }))
      await refuses(lambda.client.send(create), badParameter(message))
      const FunctionName = await lambda.create('hello-node')
      await refuses(
        lambda.client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Layers })),
        badParameter(message),
      )
      const now = await lambda.client.send(new GetFunctionConfigurationCommand({ FunctionName }))
      assert.equal(now.Layers, undefined)
    },
  })
  return [
    refused(
      'more than five layers',
      (_arns, lambda) => [1, 2, 3, 4, 5, 6].map((count) => lambda.layerArn(`none-${String(count)}`, 1)),
      /^Cannot reference more than 5 layers\.$/,
    ),
    refused(
      'layer versions that do not exist',
      ([arn = '']) => [arn.replace(/1$/, '9')],
      /^Layer version arn:aws:lambda:[^ ]+:9 does not exist\.$/,
    ),
    refused(
      'the same layers twice',
      ([arn = '']) => [arn, arn],
      /^Two different versions of the same layer are not allowed to be referenced in the same function\. /,
    ),
    refused(
      'layers of another region',
      ([arn = '']) => [arn.replace(/:lambda:[^:]+:/, ':lambda:ap-south-1:')],
      /^Layers are not in the same region as the function\. Layers are expected to be in region [^ ]+\.$/,
    ),
  ]
}

/** The search paths of a runtime lead to layers, and the later layer hides the earlier one. */
function using(fixture: FixtureName, further: object, needs?: 'python' | 'ruby'): Case {
  return {
    name: `${fixture} finds packages and tools in its layers, the last layer first`,
    ...(needs && { needs }),
    run: async (lambda) => {
      const { arns } = await bothLayers(lambda)
      const name = await lambda.create(fixture, { Layers: arns })
      answers(await lambda.invoke(name), { word: 'upper', tool: 'upper', ...further })
    },
  }
}

async function bothLayers(lambda: CaseContext): Promise<{ arns: string[]; sizes: (number | undefined)[] }> {
  const lower = await publish(lambda, lambda.newName(), {}, 'layer-lower')
  const upper = await publish(lambda, lambda.newName(), {}, 'layer-upper')
  return {
    arns: [lower.LayerVersionArn ?? '', upper.LayerVersionArn ?? ''],
    sizes: [lower.Content?.CodeSize, upper.Content?.CodeSize],
  }
}

async function publish(
  lambda: CaseContext,
  LayerName: string,
  members: Partial<PublishLayerVersionCommandInput> = {},
  fixture: FixtureName = 'layer-lower',
) {
  const Content = { ZipFile: await lambda.zip(fixture) }
  const published = await lambda.client.send(new PublishLayerVersionCommand({ LayerName, Content, ...members }))
  lambda.afterwards(() => remove(lambda, LayerName, published.Version ?? 0))
  return published
}

function remove(lambda: CaseContext, LayerName: string, VersionNumber: number) {
  return lambda.client.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber }))
}

function get(lambda: CaseContext, LayerName: string, VersionNumber: number) {
  return lambda.client.send(new GetLayerVersionCommand({ LayerName, VersionNumber }))
}

function list(lambda: CaseContext, LayerName: string, members: object = {}) {
  return lambda.client.send(new ListLayerVersionsCommand({ LayerName, ...members }))
}

async function allLayers(lambda: CaseContext): Promise<Map<string, number | undefined>> {
  const all = new Map<string, number | undefined>()
  let Marker: string | undefined
  do {
    const page = await lambda.client.send(new ListLayersCommand({ MaxItems: 10, ...(Marker && { Marker }) }))
    for (const { LayerName = '', LatestMatchingVersion } of page.Layers ?? []) {
      all.set(LayerName, LatestMatchingVersion?.Version)
    }
    Marker = page.NextMarker
  } while (Marker)
  return all
}
