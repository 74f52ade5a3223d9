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
import type { Area, Case } from '../../world/case.ts'
import { answers, badParameter, notFound, refuses } from '../../world/expect.ts'
import type { World } from '../../world/world.ts'

const missing = notFound('The resource you requested does not exist.')

/** Layers: published, shown, listed, deleted, and applied to functions. */
export const layers: Area = {
  name: 'layers',
  cases: [
    {
      name: 'PublishLayerVersion returns 201 with content, ARNs, an empty description and empty lists',
      run: async (world) => {
        const name = world.newName()
        const published = await publish(world, name)
        assert.equal(published.$metadata.httpStatusCode, 201)
        const { CodeSha256, CodeSize, Location } = published.Content ?? {}
        const zip = await world.zip('layer-lower')
        assert.equal(CodeSize, zip.length)
        assert.ok((await world.download(Location ?? '')).equals(zip))
        assert.match(CodeSha256 ?? '', /^[A-Za-z0-9+/]{43}=$/)
        assert.match(published.CreatedDate ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/)
        const { LayerArn, LayerVersionArn, Version, Description, LicenseInfo } = published
        assert.deepEqual(
          { LayerArn, LayerVersionArn, Version, Description, LicenseInfo },
          {
            ...{ LayerArn: world.layerArn(name), LayerVersionArn: world.layerArn(name, 1) },
            ...{ Version: 1, Description: '', LicenseInfo: undefined },
          },
        )
        assert.deepEqual([published.CompatibleRuntimes, published.CompatibleArchitectures], [undefined, undefined])
      },
    },
    {
      name: 'a layer version is found by number, by the layer’s ARN and by its own ARN',
      run: async (world) => {
        const name = world.newName()
        await publish(world, name, { LicenseInfo: 'MIT', Description: 'd', CompatibleRuntimes: ['ruby3.3'] })
        const byNumber = await get(world, name, 1)
        const byArn = await world.client.send(new GetLayerVersionByArnCommand({ Arn: world.layerArn(name, 1) }))
        for (const found of [byNumber, byArn, await get(world, world.layerArn(name), 1)]) {
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
      run: async (world) => {
        const name = world.newName()
        await publish(world, name)
        for (let count = 0; count < 2; count++) {
          const deletion = await remove(world, name, 1)
          assert.equal(deletion.$metadata.httpStatusCode, 204)
        }
        assert.equal((await publish(world, name)).Version, 2)
        await refuses(get(world, name, 1), missing)
        await refuses(get(world, name, 0), badParameter('Layer Version Cannot be less than 1'))
        await refuses(get(world, world.newName(), 1), missing)
      },
    },
    {
      name: 'versions are listed newest first, without content, page by page',
      run: async (world) => {
        const name = world.newName()
        for (let count = 0; count < 3; count++) await publish(world, name)
        const first = await list(world, name, { MaxItems: 2 })
        assert.deepEqual(
          first.LayerVersions?.map(({ Version }) => Version),
          [3, 2],
        )
        assert.ok(first.NextMarker)
        assert.ok(first.LayerVersions.every((version) => !('Content' in version)))
        const second = await list(world, name, { MaxItems: 2, Marker: first.NextMarker })
        assert.deepEqual([second.LayerVersions?.map(({ Version }) => Version), second.NextMarker], [[1], undefined])
        assert.deepEqual((await list(world, world.newName())).LayerVersions, [])
      },
    },
    {
      name: 'lists filter by runtime and architecture',
      run: async (world) => {
        const name = world.newName()
        await publish(world, name, { CompatibleRuntimes: ['ruby3.3'], CompatibleArchitectures: ['arm64'] })
        await publish(world, name, { CompatibleRuntimes: ['python3.12'] })
        const numbers = async (filter: object) =>
          (await list(world, name, filter)).LayerVersions?.map(({ Version }) => Version)
        assert.deepEqual(await numbers({ CompatibleRuntime: 'ruby3.3' }), [1])
        assert.deepEqual(await numbers({ CompatibleArchitecture: 'arm64' }), [1])
        assert.deepEqual(await numbers({ CompatibleRuntime: 'java21' }), [])
      },
    },
    {
      name: 'ListLayers shows a layer with its newest version, and no layer without versions',
      run: async (world) => {
        const [kept, gone] = [world.newName(), world.newName()]
        for (const name of [kept, kept, gone]) await publish(world, name)
        await remove(world, gone, 1)
        const all = await allLayers(world)
        assert.equal(all.get(gone), undefined)
        assert.equal(all.get(kept), 2)
      },
    },
    {
      name: 'a layer that is not a zip is refused',
      run: async (world) => {
        const Content = { ZipFile: Buffer.from('text') }
        const call = world.client.send(new PublishLayerVersionCommand({ LayerName: world.newName(), Content }))
        await refuses(
          call,
          badParameter('Could not unzip uploaded file. Please check your file, then try to upload again.'),
        )
      },
    },
    {
      name: 'a function lists its layers with their sizes, in their order, also when a version is deleted',
      run: async (world) => {
        const { arns, sizes } = await bothLayers(world)
        const name = await world.create('hello-node', { Layers: arns })
        const expected = arns.map((Arn, index) => ({ Arn, CodeSize: sizes[index] }))
        assert.deepEqual((await world.configuration(name)).Layers, expected)
        await remove(world, arns[0]?.split(':')[6] ?? '', 1)
        assert.deepEqual((await world.configuration(name)).Layers, expected)
        await world.configure(name, { Timeout: 7 })
        assert.deepEqual((await world.configuration(name)).Layers, expected)
        await world.configure(name, { Layers: [] })
        assert.equal((await world.configuration(name)).Layers, undefined)
      },
    },
    ...refusals(),
    using('layered-node', { file: 'upper', data: ['only-lower.txt', 'only-upper.txt', 'word.txt'] }),
    using('layered-python', {}, 'python'),
    using('layered-ruby', {}, 'ruby'),
    {
      name: 'the next invocation sees changed layers, a published version keeps its own, and deletion affects neither',
      run: async (world) => {
        const { arns } = await bothLayers(world)
        const name = await world.create('layered-node', { Layers: arns })
        const version = await world.publish(name)
        await world.configure(name, { Layers: arns.toReversed() })
        const data = ['only-lower.txt', 'only-upper.txt', 'word.txt']
        const saying = (word: string) => ({ word, tool: word, file: word, data })
        answers(await world.invoke(name), saying('lower'))
        for (const arn of arns) await remove(world, arn.split(':')[6] ?? '', 1)
        answers(await world.invoke(name, {}, { Qualifier: version }), saying('upper'))
        answers(await world.invoke(name), saying('lower'))
      },
    },
  ],
}

function refusals(): Case[] {
  const refused = (
    text: string,
    arnsOf: (arns: readonly string[], world: World) => string[],
    message: RegExp,
  ): Case => ({
    name: `${text} are refused, at creation and later`,
    run: async (world) => {
      const { arns } = await bothLayers(world)
      const Layers = arnsOf(arns, world)
      const create = new CreateFunctionCommand(await world.input('hello-node', { Layers }))
      await refuses(world.client.send(create), badParameter(message))
      const FunctionName = await world.create('hello-node')
      await refuses(
        world.client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Layers })),
        badParameter(message),
      )
      const now = await world.client.send(new GetFunctionConfigurationCommand({ FunctionName }))
      assert.equal(now.Layers, undefined)
    },
  })
  return [
    refused(
      'more than five layers',
      (_arns, world) => [1, 2, 3, 4, 5, 6].map((count) => world.layerArn(`none-${String(count)}`, 1)),
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
    run: async (world) => {
      const { arns } = await bothLayers(world)
      const name = await world.create(fixture, { Layers: arns })
      answers(await world.invoke(name), { word: 'upper', tool: 'upper', ...further })
    },
  }
}

async function bothLayers(world: World): Promise<{ arns: string[]; sizes: (number | undefined)[] }> {
  const lower = await publish(world, world.newName(), {}, 'layer-lower')
  const upper = await publish(world, world.newName(), {}, 'layer-upper')
  return {
    arns: [lower.LayerVersionArn ?? '', upper.LayerVersionArn ?? ''],
    sizes: [lower.Content?.CodeSize, upper.Content?.CodeSize],
  }
}

async function publish(
  world: World,
  LayerName: string,
  members: Partial<PublishLayerVersionCommandInput> = {},
  fixture: FixtureName = 'layer-lower',
) {
  const Content = { ZipFile: await world.zip(fixture) }
  const published = await world.client.send(new PublishLayerVersionCommand({ LayerName, Content, ...members }))
  world.afterwards(() => remove(world, LayerName, published.Version ?? 0))
  return published
}

function remove(world: World, LayerName: string, VersionNumber: number) {
  return world.client.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber }))
}

function get(world: World, LayerName: string, VersionNumber: number) {
  return world.client.send(new GetLayerVersionCommand({ LayerName, VersionNumber }))
}

function list(world: World, LayerName: string, members: object = {}) {
  return world.client.send(new ListLayerVersionsCommand({ LayerName, ...members }))
}

async function allLayers(world: World): Promise<Map<string, number | undefined>> {
  const all = new Map<string, number | undefined>()
  let Marker: string | undefined
  do {
    const page = await world.client.send(new ListLayersCommand({ MaxItems: 10, ...(Marker && { Marker }) }))
    for (const { LayerName = '', LatestMatchingVersion } of page.Layers ?? []) {
      all.set(LayerName, LatestMatchingVersion?.Version)
    }
    Marker = page.NextMarker
  } while (Marker)
  return all
}
