import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RuntimeUnavailable } from '../../driver/driver.ts'
import { createRuntimeFinder } from './runtime-finder.ts'

let folder: string
let searchPath: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubelambda-runtimes-'))
  searchPath = folder
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** Puts an interpreter on PATH that says it is of this version and lives elsewhere, and counts its runs. */
async function install(name: string, version: string): Promise<void> {
  const file = join(folder, name)
  await writeFile(file, `#!/bin/sh\necho run >>"${file}.runs"\nprintf '/real/bin/${name}\\n${version}\\n'\n`)
  await chmod(file, 0o755)
}

describe('an interpreter', () => {
  test('of the exact version is found, behind a shim too', async () => {
    await install('python3', '3.9.1')
    await install('python3.12', '3.12.4')
    const runtime = await createRuntimeFinder(searchPath)('python3.12')
    expect(runtime).toMatchObject({ interpreter: '/real/bin/python3.12', interpreterVersion: '3.12.4' })
    expect(runtime.warning).toBeUndefined()
  })

  test('of another version serves with a warning', async () => {
    await install('python3', '3.9.1')
    const runtime = await createRuntimeFinder(searchPath)('python3.13')
    expect(runtime.interpreter).toBe('/real/bin/python3')
    expect(runtime.warning).toBe('Runtime python3.13 runs on python 3.9.1: 3.13 was not found on PATH')
  })

  test('that is missing is an error that says what to install', async () => {
    const found = createRuntimeFinder(searchPath)('ruby3.4')
    await expect(found).rejects.toThrow('Runtime ruby3.4 needs Ruby 3: install it, e.g. apt-get install ruby')
  })

  test('that is installed later is found then', async () => {
    const find = createRuntimeFinder(searchPath)
    await expect(find('ruby3.4')).rejects.toBeInstanceOf(RuntimeUnavailable)
    await install('ruby', '3.4.1')
    expect(await find('ruby3.4')).toMatchObject({ interpreter: '/real/bin/ruby' })
  })
})

test('Node.js of another major version is replaced by the one that runs the server', async () => {
  await install('node', '18.2.0')
  expect(await createRuntimeFinder(searchPath)('nodejs22.x')).toMatchObject({
    interpreter: process.execPath,
    warning: expect.stringContaining('Runtime nodejs22.x runs on nodejs'),
  })
})

test('OS-only runtimes need no interpreter', async () => {
  expect(await createRuntimeFinder(searchPath)('provided.al2023')).toEqual({
    identifier: 'provided.al2023',
    family: 'provided',
    version: 'al2023',
  })
})

test('runtimes that this driver cannot start are refused by name', async () => {
  await expect(createRuntimeFinder(searchPath)('java21')).rejects.toThrow(
    'Runtime java21 is not supported yet by the process driver',
  )
})
