import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { imageCode, imageToRun } from '../../functions/code/image.ts'
import { createRegistryImageSource } from './registry-image-source.ts'
import { startRegistry, type RunningRegistry } from './testing/registry.ts'

const start = { Entrypoint: ['/lambda-entrypoint.sh'], Cmd: ['app.handler'], WorkingDir: '/var/task' }

describe('an image in a reachable registry', () => {
  let registry: RunningRegistry
  let folder: string
  let warnings: string[]
  const log = { warn: (line: string) => void warnings.push(line) }
  beforeEach(async () => {
    warnings = []
    folder = mkdtempSync(join(tmpdir(), 'registry-'))
    registry = await startRegistry()
  })
  afterEach(() => {
    registry.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const push = (config: object, tag = '1'): string => {
    const digest = registry.put({ schemaVersion: 2, config: { digest: registry.put({ config }) } })
    registry.tag(tag, digest)
    return digest
  }
  const codeOf = (name = ':1', architecture = 'x86_64', credentialsFile?: string) => {
    const images = createRegistryImageSource({ plainRegistries: [], credentialsFile, log })
    return imageCode(`${registry.host}/team/app${name}`, architecture, images)
  }

  test('has its digest as its hash, and starts its own entry point', async () => {
    const digest = push(start)
    const code = await codeOf()
    expect(`sha256:${code.sha256}`).toBe(digest)
    expect(imageToRun(code, undefined)).toEqual({
      imageUri: `${registry.host}/team/app@${digest}`,
      imageConfig: { entryPoint: start.Entrypoint, command: start.Cmd, workingDirectory: '/var/task' },
    })
  })

  test('does not change when its tag is moved', async () => {
    push(start)
    const before = await codeOf()
    push({ ...start, Cmd: ['other.handler'] })
    const after = await codeOf()
    expect(after.sha256).not.toBe(before.sha256)
    expect((await codeOf(`@sha256:${before.sha256}`)).image?.config).toEqual(before.image?.config)
  })

  test("is overridden, member by member, by the function's configuration", async () => {
    push(start)
    const code = await codeOf()
    expect(imageToRun(code, { command: ['mine'] })).toMatchObject({
      imageConfig: { entryPoint: start.Entrypoint, command: ['mine'], workingDirectory: '/var/task' },
    })
    expect(imageToRun(code, { entryPoint: ['/mine'], workingDirectory: '/tmp' })).toMatchObject({
      imageConfig: { entryPoint: ['/mine'], command: start.Cmd, workingDirectory: '/tmp' },
    })
  })

  test('is the one of the architecture in an image index, without members that it does not set', async () => {
    const [amd64, arm64] = [push({ Cmd: ['/amd64'] }), push({ Entrypoint: null, Cmd: ['/arm64'] })]
    const platform = (architecture: string, os = 'linux') => ({ platform: { os, architecture } })
    const manifests = [
      { digest: registry.put({}), ...platform('amd64', 'windows') },
      { digest: amd64, ...platform('amd64') },
      { digest: arm64, ...platform('arm64') },
    ]
    registry.tag('1', registry.put({ schemaVersion: 2, manifests }))
    const code = await codeOf(':1', 'arm64')
    expect(`sha256:${code.sha256}`).toBe(arm64)
    expect(code.image?.config).toEqual({ entryPoint: [], command: ['/arm64'], workingDirectory: '/' })
    expect((await codeOf()).image?.config?.command).toEqual(['/amd64'])
  })

  test("may need credentials, which come from a file in Docker's format", async () => {
    push(start)
    registry.lock('user:secret')
    expect((await codeOf()).image?.config).toBeUndefined()
    const file = join(folder, 'config.json')
    const auth = Buffer.from('user:secret').toString('base64')
    writeFileSync(file, JSON.stringify({ auths: { [registry.host]: { auth } } }))
    expect((await codeOf(':1', 'x86_64', file)).image?.config?.command).toEqual(start.Cmd)
    expect(warnings).toEqual([expect.stringMatching(/401.*KUBELAMBDA_REGISTRY_CREDENTIALS/)])
  })

  test.each<[string, (registry: RunningRegistry) => void, RegExp]>([
    ['has no such image', () => undefined, /404/],
    ['sends something else', (running) => running.corrupt(push(start)), /./],
    ['cannot be reached', (running) => running.close(), /ECONNREFUSED/],
  ])('is taken by its name alone when the registry %s, and the log says why', async (_, spoil, reason) => {
    spoil(registry)
    const one = await codeOf()
    expect([one.image?.config, one.sha256]).toEqual([undefined, (await codeOf()).sha256])
    expect(imageToRun(one, undefined)).toEqual({ imageUri: `${registry.host}/team/app:1` })
    expect(warnings[0]).toMatch(/team\/app:1 .*ImageConfig\.Command/)
    expect(warnings[0]).toMatch(reason)
  })

  test('that was requested by digest is rejected when its digest differs', async () => {
    const digest = push(start)
    registry.corrupt(digest)
    expect((await codeOf(`@${digest}`)).image?.config).toBeUndefined()
    expect(warnings[0]).toContain(`what it sends is not ${digest}`)
  })
})
