import assert from 'node:assert/strict'
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  UpdateFunctionCodeCommand,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda'
import { Skipped, type Area } from '../../world/case.ts'
import { badParameter, refuses } from '../../world/expect.ts'
import type { World } from '../../world/world.ts'

const digest = 'a'.repeat(64)

/** Functions whose code is a container image. AWS looks for the image, so that most of it cannot be asked there. */
export const images: Area = {
  name: 'images',
  cases: [
    {
      name: 'a function from an image has neither runtime nor handler, and its digest as the code hash',
      run: async (world) => {
        const name = await create(world, { ImageConfig: { Command: ['app.handler'], WorkingDirectory: '/work' } })
        const { Configuration, Code } = await world.client.send(new GetFunctionCommand({ FunctionName: name }))
        assert.deepEqual(Code, {
          ImageUri: uriOf(world),
          RepositoryType: 'ECR',
          ResolvedImageUri: `${repositoryOf(world)}@sha256:${digest}`,
        })
        const { PackageType, CodeSha256, CodeSize, Runtime, Handler, RuntimeVersionConfig } = Configuration ?? {}
        assert.deepEqual(
          { PackageType, CodeSha256, CodeSize, Runtime, Handler, RuntimeVersionConfig },
          {
            ...{ PackageType: 'Image', CodeSha256: digest, CodeSize: 0 },
            ...{ Runtime: undefined, Handler: undefined, RuntimeVersionConfig: undefined },
          },
        )
        assert.deepEqual(Configuration?.ImageConfigResponse, {
          ImageConfig: { Command: ['app.handler'], WorkingDirectory: '/work' },
        })
      },
    },
    {
      name: 'an empty image configuration removes the current one',
      run: async (world) => {
        const name = await create(world, { ImageConfig: { Command: ['app.handler'] } })
        await world.configure(name, { ImageConfig: {} })
        assert.equal((await world.configuration(name)).ImageConfigResponse, undefined)
      },
    },
    {
      name: 'an image is needed to update a function from an image',
      run: async (world) => {
        const name = await create(world)
        const ZipFile = await world.zip('hello-node')
        await refuses(
          world.client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile })),
          badParameter('Please provide ImageUri when updating a function with packageType Image.'),
        )
      },
    },
  ],
}

async function create(world: World, members: Partial<CreateFunctionCommandInput> = {}): Promise<string> {
  if (world.target.isAws) throw new Skipped('AWS takes only images that exist')
  const FunctionName = world.newName()
  await world.client.send(
    new CreateFunctionCommand({
      ...{ FunctionName, Role: world.target.role, PackageType: 'Image', Code: { ImageUri: uriOf(world) } },
      ...members,
    }),
  )
  await world.waitActive(FunctionName)
  return FunctionName
}

function repositoryOf({ target: { region, accountId } }: World): string {
  return `${accountId}.dkr.ecr.${region}.amazonaws.com/app`
}

function uriOf(world: World): string {
  return `${repositoryOf(world)}:1@sha256:${digest}`
}
