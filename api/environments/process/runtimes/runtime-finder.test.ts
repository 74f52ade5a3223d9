import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { RuntimeUnavailable } from '../../driver/driver.ts'
import { createRuntimeFinder } from './runtime-finder.ts'

let folder: string
let searchPath: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubelambda-runtimes-'))
  searchPath = join(folder, 'bin')
  await mkdir(searchPath)
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** Puts an interpreter on PATH that says it is of this version and lives elsewhere. */
async function install(name: string, version: string, bin = 'bin'): Promise<void> {
  const file = join(folder, bin, name)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `#!/bin/sh\nprintf '/real/${bin}/${name}\\n${version}\\n'\n`)
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

describe('of the interpreters on PATH', () => {
  test.each([
    ['nodejs20.x', 'node', '24.1.0', '20.9.0'],
    ['python3.12', 'python3', '3.11.4', '3.12.1'],
    ['ruby3.4', 'ruby', '3.2.1', '3.4.1'],
  ])('%s runs on the one whose version fits, not on the first', async (runtime, name, first, second) => {
    await install(name, first)
    await install(name, second, 'other')
    const found = await createRuntimeFinder(`${searchPath}:${join(folder, 'other')}`)(runtime)
    expect(found).toMatchObject({ interpreter: `/real/other/${name}`, interpreterVersion: second })
    expect(found.warning).toBeUndefined()
  })

  test('those that a version manager has installed are found, whichever it has selected', async () => {
    await install('python3.12', '3.11.4', 'manager/shims')
    await install('python3.12', '3.12.1', 'manager/versions/3.12.1/bin')
    const found = await createRuntimeFinder(join(folder, 'manager', 'shims'))('python3.12')
    expect(found.interpreter).toBe('/real/manager/versions/3.12.1/bin/python3.12')
  })

  test('one that functions cannot see is passed over, and the warning says why', async () => {
    await install('python3', '3.11.4')
    await install('python3.12', '3.12.1', 'hidden')
    const isShown = (path: string) => !path.includes('hidden')
    const find = createRuntimeFinder(`${join(folder, 'hidden')}:${searchPath}`, isShown)
    const found = await find('python3.12')
    expect(found.interpreter).toBe('/real/bin/python3')
    expect(found.warning).toContain(
      'Runtime python3.12 runs on python 3.11.4: isolated functions cannot see /real/hidden/python3.12. Restart',
    )
  })

  test('one alone that functions cannot see is an error that names it', async () => {
    await install('ruby', '3.4.1')
    await expect(createRuntimeFinder(searchPath, () => false)('ruby3.4')).rejects.toThrow(
      /^Runtime ruby3\.4 needs Ruby 3: install it.*; isolated functions cannot see \/real\/bin\/ruby\./,
    )
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
    'Runtime java21 is not supported on one machine: deploy the function as a container image in Kubernetes',
  )
})
