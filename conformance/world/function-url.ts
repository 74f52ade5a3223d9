import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  GetFunctionUrlConfigCommand,
  type CreateFunctionUrlConfigCommandInput,
} from '@aws-sdk/client-lambda'
import { callUrl, type UrlAnswer, type UrlCall } from '../requests/function-url-call.ts'
import type { World } from './world.ts'

type Changes = Omit<Partial<CreateFunctionUrlConfigCommandInput>, 'FunctionName'>

/** Gives a function a URL, a public one unless the changes say otherwise. */
export function createUrl(world: World, FunctionName: string, changes: Changes = {}) {
  return world.client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE', ...changes }))
}

/** The config of a function's URL. */
export function getUrl(world: World, FunctionName: string) {
  return world.client.send(new GetFunctionUrlConfigCommand({ FunctionName }))
}

/** The id of a function URL: the first label of its host as on AWS, else the last segment of its path. */
export function idOf(functionUrl: string): string {
  const { hostname, pathname } = new URL(functionUrl)
  return (hostname.includes('.lambda-url.') ? hostname.split('.')[0] : pathname.split('/').at(-2)) ?? ''
}

/** A function whose version 1 is its alias `live`. */
export async function withAlias(world: World): Promise<string> {
  const name = await world.create('answer-node')
  await world.publish(name)
  await world.client.send(new CreateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: '1' }))
  return name
}

/** A function with a URL that anybody may call. */
export async function servedUrl(world: World): Promise<{ name: string; url: string }> {
  const name = await world.create('answer-node')
  return { name, ...(await openUrl(world, name)) }
}

/** Gives a function a URL that may be called: by everybody unless it has AWS_IAM. */
export async function openUrl(world: World, name: string, changes: Changes = {}): Promise<{ url: string }> {
  const { FunctionUrl = '' } = await createUrl(world, name, changes)
  if (changes.AuthType !== 'AWS_IAM') await allowAll(world, name, changes.Qualifier)
  return { url: FunctionUrl }
}

/** Nobody may call a URL whose resource policy does not let him. */
export async function allowAll(world: World, FunctionName: string, Qualifier?: string): Promise<void> {
  const statement = { FunctionName, ...(Qualifier && { Qualifier }), Principal: '*' }
  await world.client.send(
    new AddPermissionCommand({
      ...statement,
      ...{ StatementId: 'url', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' },
    }),
  )
  await world.client.send(
    new AddPermissionCommand({
      ...statement,
      ...{ StatementId: 'invoke', Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true },
    }),
  )
}

/** AWS needs some seconds until a change of a URL is known everywhere. */
export async function callUrlUntil(
  { target }: World,
  url: string,
  path: string,
  call: UrlCall,
  isRight: (answer: UrlAnswer) => boolean,
): Promise<UrlAnswer> {
  const deadline = Date.now() + (target.isAws ? 30_000 : 0)
  for (;;) {
    const answer = await callUrl(url, path, call)
    if (isRight(answer) || Date.now() > deadline) return answer
  }
}
