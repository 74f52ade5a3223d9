import assert from 'node:assert/strict'
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  UpdateFunctionCodeCommand,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda'
import { Skipped, type Area } from '../../case/case.ts'
import { badParameter, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const digest = 'a'.repeat(64)

/** Functions whose code is a container image. AWS looks for the image, so that most of it cannot be asked there. */
export const images: Area = {
  name: 'images',
  cases: [
    {
      name: 'a function from an image has neither runtime nor handler, and its digest as the code hash',
      run: async (lambda) => {
        const name = await create(lambda, { ImageConfig: { Command: ['app.handler'], WorkingDirectory: '/work' } })
        const { Configuration, Code } = await lambda.client.send(new GetFunctionCommand({ FunctionName: name }))
        assert.deepEqual(Code, {
          ImageUri: uriOf(lambda),
          RepositoryType: 'ECR',
          ResolvedImageUri: `${repositoryOf(lambda)}@sha256:${digest}`,
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
      run: async (lambda) => {
        const name = await create(lambda, { ImageConfig: { Command: ['app.handler'] } })
        await lambda.configure(name, { ImageConfig: {} })
        assert.equal((await lambda.configuration(name)).ImageConfigResponse, undefined)
      },
    },
    {
      name: 'an image is needed to update a function from an image',
      run: async (lambda) => {
        const name = await create(lambda)
        const ZipFile = await lambda.zip('hello-node')
        await refuses(
          lambda.client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile })),
          badParameter('Please provide ImageUri when updating a function with packageType Image.'),
        )
      },
    },
  ],
}

async function create(lambda: CaseContext, members: Partial<CreateFunctionCommandInput> = {}): Promise<string> {
  if (lambda.target.isAws) throw new Skipped('AWS takes only images that exist')
  const FunctionName = lambda.newName()
  await lambda.client.send(
    new CreateFunctionCommand({
      ...{ FunctionName, Role: lambda.target.role, PackageType: 'Image', Code: { ImageUri: uriOf(lambda) } },
      ...members,
    }),
  )
  await lambda.waitActive(FunctionName)
  return FunctionName
}

function repositoryOf({ target: { region, accountId } }: CaseContext): string {
  return `${accountId}.dkr.ecr.${region}.amazonaws.com/app`
}

function uriOf(lambda: CaseContext): string {
  return `${repositoryOf(lambda)}:1@sha256:${digest}`
}
