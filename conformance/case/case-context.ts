import { readFile } from 'node:fs/promises'
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type CreateFunctionCommandInput,
  type FunctionConfiguration,
  type InvokeCommandInput,
  type LambdaClient,
  type UpdateFunctionConfigurationCommandInput,
} from '@aws-sdk/client-lambda'
import { buildFixture } from '../../fixtures/build.ts'
import { fixtureOf, type FixtureName } from '../../fixtures/fixtures.ts'
import { sendRaw, type RawRequest, type RawResponse } from '../requests/raw-request.ts'
import type { Target } from '../requests/target.ts'

/** The response of Invoke. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly functionError: string | undefined
  readonly executedVersion: string | undefined
  readonly requestId: string
  /** The log tail, decoded; empty when none was asked for. */
  readonly log: string
}

/** The endpoint as one case uses it: names of its own, and functions that are deleted when the case is over. */
export class CaseContext {
  readonly client: LambdaClient
  readonly target: Target
  readonly #label: string
  readonly #created = new Set<string>()
  readonly #afterwards: (() => Promise<unknown>)[] = []
  #count = 0

  constructor(target: Target, label: string) {
    this.client = target.client
    this.target = target
    this.#label = label
  }

  /** A name that no other case uses; whatever is created under it is deleted at the end. */
  newName(): string {
    this.#count += 1
    const name = `${this.target.prefix}-${this.#label}-${String(this.#count)}`
    this.#created.add(name)
    return name
  }

  arn(name: string, qualifier?: string): string {
    const { region, accountId } = this.target
    return `arn:aws:lambda:${region}:${accountId}:function:${name}${qualifier === undefined ? '' : `:${qualifier}`}`
  }

  layerArn(name: string, version?: number): string {
    const { region, accountId } = this.target
    return `arn:aws:lambda:${region}:${accountId}:layer:${name}${version === undefined ? '' : `:${String(version)}`}`
  }

  /** Registers cleanup work for the end of the case; its errors are ignored. */
  afterwards(work: () => Promise<unknown>): void {
    this.#afterwards.push(work)
  }

  /** Downloads the target of a link in a response. */
  async download(link: string): Promise<Buffer> {
    return Buffer.from(await (await fetch(link)).arrayBuffer())
  }

  zip(fixture: FixtureName): Promise<Buffer> {
    return buildFixture(fixture).then((path) => readFile(path))
  }

  /** The CreateFunction input for a fixture, with the members that the case overrides. */
  async input(
    fixture: FixtureName,
    changes: Partial<CreateFunctionCommandInput> = {},
  ): Promise<CreateFunctionCommandInput> {
    const { runtime, handler, timeout, memory } = fixtureOf(fixture)
    const sizes = { ...(timeout && { Timeout: timeout }), ...(memory && { MemorySize: memory }) }
    return {
      FunctionName: this.newName(),
      Role: this.target.role,
      Runtime: runtime as CreateFunctionCommandInput['Runtime'],
      Handler: handler,
      Code: { ZipFile: await this.zip(fixture) },
      ...sizes,
      ...changes,
    }
  }

  /** Creates a function from a fixture, waits until it is active and answers its name. */
  async create(fixture: FixtureName, changes: Partial<CreateFunctionCommandInput> = {}): Promise<string> {
    const input = await this.input(fixture, changes)
    await this.client.send(new CreateFunctionCommand(input))
    const name = input.FunctionName ?? ''
    await this.waitActive(name)
    return name
  }

  async waitActive(name: string): Promise<void> {
    await waitUntilFunctionActiveV2(this.#waiting(), { FunctionName: name })
  }

  async waitUpdated(name: string): Promise<void> {
    await waitUntilFunctionUpdatedV2(this.#waiting(), { FunctionName: name })
  }

  async updateCode(name: string, fixture: FixtureName): Promise<void> {
    await this.client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: await this.zip(fixture) }))
    await this.waitUpdated(name)
  }

  async configure(name: string, changes: Omit<UpdateFunctionConfigurationCommandInput, 'FunctionName'>): Promise<void> {
    await this.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, ...changes }))
    await this.waitUpdated(name)
  }

  /** Publishes a version, waits until it is active and answers its number. */
  async publish(name: string, description?: string): Promise<string> {
    const published = await this.client.send(
      new PublishVersionCommand({ FunctionName: name, ...(description !== undefined && { Description: description }) }),
    )
    const version = published.Version ?? ''
    await waitUntilFunctionActiveV2(this.#waiting(), { FunctionName: name, Qualifier: version })
    await this.waitUpdated(name)
    return version
  }

  configuration(name: string, qualifier?: string): Promise<FunctionConfiguration> {
    return this.client.send(
      new GetFunctionConfigurationCommand({ FunctionName: name, ...(qualifier && { Qualifier: qualifier }) }),
    )
  }

  /** Invokes with an event that is sent as JSON. */
  invoke(
    name: string,
    event: unknown = {},
    options: Omit<InvokeCommandInput, 'FunctionName' | 'Payload'> = {},
  ): Promise<Answer> {
    return this.invokeBytes(name, JSON.stringify(event), options)
  }

  /** Invokes with these bytes as they are. */
  async invokeBytes(
    name: string,
    payload: string | Uint8Array | undefined,
    options: Omit<InvokeCommandInput, 'FunctionName' | 'Payload'> = {},
  ): Promise<Answer> {
    const output = await this.client.send(
      new InvokeCommand({
        FunctionName: name,
        ...(payload !== undefined && { Payload: Buffer.from(payload) }),
        ...options,
      }),
    )
    return {
      status: output.StatusCode ?? 0,
      text: Buffer.from(output.Payload ?? []).toString('utf8'),
      functionError: output.FunctionError,
      executedVersion: output.ExecutedVersion,
      requestId: output.$metadata.requestId ?? '',
      log: Buffer.from(output.LogResult ?? '', 'base64').toString('utf8'),
    }
  }

  raw(request: RawRequest): Promise<RawResponse> {
    return sendRaw(this.target, request)
  }

  /** Deletes everything that the case created. */
  async clean(): Promise<void> {
    for (const name of this.#created) {
      await this.client.send(new DeleteFunctionCommand({ FunctionName: name })).catch(() => undefined)
    }
    for (const work of this.#afterwards) await work().catch(() => undefined)
  }

  #waiting(): { client: LambdaClient; maxWaitTime: number; minDelay: number; maxDelay: number } {
    return {
      client: this.client,
      maxWaitTime: 60,
      minDelay: this.target.isAws ? 1 : 0.02,
      maxDelay: this.target.isAws ? 2 : 0.5,
    }
  }
}
