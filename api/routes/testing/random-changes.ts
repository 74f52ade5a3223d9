import { LambdaError } from '../../errors.ts'
import type { OperationName } from '../../model/operations.ts'
import { randomSource, type RandomSource } from '../../model/testing/random-source.ts'
import { arn, newFunction, zipOf, type ControlPlaneHarness, type Shown } from './control-plane.ts'

/** A read, and the output of a write that it must return; undefined if it must find nothing. */
export interface Expectation {
  readonly operation: OperationName
  readonly input: object
  readonly shows: object | undefined
}

/** The expected results of reads, by subject. */
export type Expectations = Map<string, Expectation>

interface Work {
  readonly server: ControlPlaneHarness
  readonly random: RandomSource
  readonly expected: Expectations
}

const names = ['a', 'b', 'c']

/** Sends valid requests in random order, some without effect, and records the expected results of reads. */
export async function changeAtRandom(server: ControlPlaneHarness, seed: number, count: number): Promise<Expectations> {
  const work = { server, random: randomSource(seed), expected: new Map<string, Expectation>() }
  for (let done = 0; done < count; done++) {
    await work.random
      .pick(changes)(work, work.random.pick(names))
      .catch((error: unknown) => {
        if (!(error instanceof LambdaError)) throw error
      })
    await server.lifecycle.settled()
  }
  return work.expected
}

const changes: readonly ((work: Work, name: string) => Promise<void>)[] = [
  async ({ server, expected, random }, name) => {
    const answer = await server.call('CreateFunction', await newFunction(name, { Timeout: 1 + random.below(900) }))
    expected.set(`${name} latest`, configuration(answer, name))
  },
  async ({ server, expected, random }, name) => {
    const Environment = { Variables: { VALUE: String(random.below(1000)) } }
    const answer = await server.call('UpdateFunctionConfiguration', { FunctionName: name, Environment })
    expected.set(`${name} latest`, configuration(answer, name))
  },
  async ({ server, expected, random }, name) => {
    const ZipFile = await zipOf(String(random.below(10)))
    const answer = await server.call('UpdateFunctionCode', { FunctionName: name, ZipFile })
    expected.set(`${name} latest`, configuration(answer, name))
  },
  async ({ server, expected }, name) => {
    const answer = await server.call('PublishVersion', { FunctionName: name })
    expected.set(
      `${name} version ${String(answer['Version'])}`,
      configuration(answer, name, answer['Version'] as string),
    )
  },
  async ({ server, expected, random }, name) => {
    const input = { FunctionName: name, Name: random.pick(['live', 'next']), FunctionVersion: String(random.below(4)) }
    const { RevisionId: _id, ...shows } = await server.call(random.pick(['CreateAlias', 'UpdateAlias']), input)
    expected.set(`${name} alias ${input.Name}`, { operation: 'GetAlias', input, shows })
  },
  async ({ server, expected, random }, name) => {
    const Name = random.pick(['live', 'next'])
    await server.call('DeleteAlias', { FunctionName: name, Name })
    forget(expected, `${name} alias ${Name}`)
  },
  async ({ server, expected, random }, name) => {
    const statement = { StatementId: `s${String(random.below(99))}`, Action: 'lambda:*', Principal: '*' }
    const { Statement } = await server.call('AddPermission', { FunctionName: name, ...statement })
    const input = { FunctionName: name }
    const before = (expected.get(`${name} policy`)?.shows as Policy | undefined)?.statements ?? []
    const shows: Policy = { statements: [...before, Statement as string] }
    expected.set(`${name} policy`, { operation: 'GetPolicy', input, shows })
  },
  async ({ server, expected, random }, name) => {
    const Tags = { [random.pick(['x', 'y'])]: String(random.below(9)) }
    await server.call('TagResource', { Resource: `${arn}:${name}`, Tags })
    const before = (expected.get(`${name} tags`)?.shows as { Tags?: object } | undefined)?.Tags
    const shows = { Tags: { ...before, ...Tags } }
    expected.set(`${name} tags`, { operation: 'ListTags', input: { Resource: `${arn}:${name}` }, shows })
  },
  async ({ server, expected }, name) => {
    await server.call('DeleteFunction', { FunctionName: name })
    for (const key of expected.keys()) if (key.startsWith(`${name} `)) forget(expected, key)
    expected.delete(`${name} tags`)
  },
  async ({ server, expected, random }, name) => {
    const Content = { ZipFile: await zipOf(String(random.below(10))) }
    const shows = await server.call('PublishLayerVersion', { LayerName: name, Content })
    const input = { LayerName: name, VersionNumber: shows['Version'] as number }
    expected.set(`layer ${name} ${String(shows['Version'])}`, { operation: 'GetLayerVersion', input, shows })
  },
  async ({ server, expected, random }, name) => {
    const version = 1 + random.below(3)
    await server.call('DeleteLayerVersion', { LayerName: name, VersionNumber: version })
    forget(expected, `layer ${name} ${String(version)}`)
  },
]

function forget(expected: Expectations, key: string): void {
  const known = expected.get(key)
  if (known !== undefined) expected.set(key, { ...known, shows: undefined })
}

/** The expected content of GetPolicy's text. */
interface Policy {
  readonly statements: readonly string[]
}

/** Members about an update's progress are read again. */
function configuration(answer: Shown, FunctionName: string, Qualifier?: string): Expectation {
  const passing = /^(State|LastUpdate|RevisionId|RuntimeVersionConfig)/
  const shows = Object.fromEntries(Object.entries(answer).filter(([member]) => !passing.test(member)))
  return { operation: 'GetFunctionConfiguration', input: { FunctionName, Qualifier }, shows }
}
