import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  GetFunctionUrlConfigCommand,
  type CreateFunctionUrlConfigCommandInput,
} from '@aws-sdk/client-lambda'
import { callUrl, type UrlAnswer, type UrlCall } from '../requests/function-url-call.ts'
import type { CaseContext } from './case-context.ts'

type Changes = Omit<Partial<CreateFunctionUrlConfigCommandInput>, 'FunctionName'>

/** Gives a function a URL, a public one unless the changes say otherwise. */
export function createUrl(lambda: CaseContext, FunctionName: string, changes: Changes = {}) {
  return lambda.client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE', ...changes }))
}

/** The config of a function's URL. */
export function getUrl(lambda: CaseContext, FunctionName: string) {
  return lambda.client.send(new GetFunctionUrlConfigCommand({ FunctionName }))
}

/** The id of a function URL: the first label of its host as on AWS, else the last segment of its path. */
export function idOf(functionUrl: string): string {
  const { hostname, pathname } = new URL(functionUrl)
  return (hostname.includes('.lambda-url.') ? hostname.split('.')[0] : pathname.split('/').at(-2)) ?? ''
}

/** A function whose version 1 is its alias `live`. */
export async function withAlias(lambda: CaseContext): Promise<string> {
  const name = await lambda.create('answer-node')
  await lambda.publish(name)
  await lambda.client.send(new CreateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: '1' }))
  return name
}

/** A function with a public URL. */
export async function servedUrl(lambda: CaseContext): Promise<{ name: string; url: string }> {
  const name = await lambda.create('answer-node')
  return { name, ...(await openUrl(lambda, name)) }
}

/** Gives a function a URL and the permission to call it, for everybody unless its AuthType is AWS_IAM. */
export async function openUrl(lambda: CaseContext, name: string, changes: Changes = {}): Promise<{ url: string }> {
  const { FunctionUrl = '' } = await createUrl(lambda, name, changes)
  if (changes.AuthType !== 'AWS_IAM') await allowAll(lambda, name, changes.Qualifier)
  return { url: FunctionUrl }
}

/** Adds the two statements that let everybody call the URL; without them it refuses every caller. */
export async function allowAll(lambda: CaseContext, FunctionName: string, Qualifier?: string): Promise<void> {
  const statement = { FunctionName, ...(Qualifier && { Qualifier }), Principal: '*' }
  await lambda.client.send(
    new AddPermissionCommand({
      ...statement,
      ...{ StatementId: 'url', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' },
    }),
  )
  await lambda.client.send(
    new AddPermissionCommand({
      ...statement,
      ...{ StatementId: 'invoke', Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true },
    }),
  )
}

/** Repeats a call until it succeeds: on AWS a changed URL takes some seconds to propagate. */
export async function callUrlUntil(
  { target }: CaseContext,
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
