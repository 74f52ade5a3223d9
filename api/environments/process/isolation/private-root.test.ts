import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isShown, planPrivateRoot, type Mount } from './private-root.ts'

let home: string

beforeEach(() => {
  home = mkdtempSync('/var/tmp/kubelambda-home-')
})

afterEach(() => rmSync(home, { recursive: true }))

function install(path: string, content = '\x7fELF'): void {
  const file = join(home, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content, { mode: 0o755 })
}

function link(path: string, target: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true })
  symlinkSync(join(home, target), join(home, path))
}

function plan(...folders: string[]): readonly Mount[] {
  const dataFolder = join(home, 'project', 'data')
  mkdirSync(dataFolder, { recursive: true })
  return planPrivateRoot({
    dataFolder,
    supervisorFolder: dataFolder,
    runtimesFolder: dataFolder,
    searchPath: folders.map((folder) => join(home, folder)).join(':'),
    hiddenFolders: [home, join(home, 'project')],
  })
}

/** What functions see of the home, by its path inside. */
function shown(...folders: string[]): string[] {
  return plan(...folders).flatMap((mount) =>
    mount.kind === 'bind' && mount.to.startsWith(home) ? [mount.to.slice(home.length + 1)] : [],
  )
}

test('a link in ~/bin shows the installation that it leads to, and nothing else of the home', () => {
  install('.nvm/versions/node/v20.9.0/bin/node')
  install('.nvm/versions/node/v20.9.0/lib/node_modules/npm/package.json')
  install('.nvm/versions/node/v22.1.0/bin/node')
  link('bin/node20', '.nvm/versions/node/v20.9.0/bin/node')
  expect(shown('bin')).toEqual(['.nvm/versions/node/v20.9.0'])
})

test('an interpreter that lies in ~/bin, ~/.local/bin or the working folder is shown alone', () => {
  install('bin/node20')
  install('bin/secret')
  install('lib/node_modules/npm/package.json')
  install('.local/bin/python3.12')
  install('.local/bin/secret')
  install('project/bin/node22')
  install('project/lib/node_modules/npm/package.json')
  const found = ['bin/node20', '.local/bin/python3.12', 'project/bin/node22']
  expect(shown('bin', '.local/bin', 'project/bin')).toEqual(found)
  expect(plan('bin')).toContainEqual(expect.objectContaining({ to: join(home, 'bin/node20'), isFile: true }))
})

test("a folder of npm's commands shows the Node.js that they run on, not the packages", () => {
  install('project/node_modules/node/bin/node')
  install('project/node_modules/node/package.json')
  link('project/node_modules/.bin/node', 'project/node_modules/node/bin/node')
  expect(shown('project/node_modules/.bin')).toEqual(['project/node_modules/node/bin'])
})

test('commands of a version manager show the versions that it has installed', () => {
  const script = '#!/bin/sh\n'
  install('.pyenv/shims/python3.12', script)
  install('.pyenv/shims/ruby-tool', script)
  install('.pyenv/versions/3.12.1/bin/python3.12')
  install('.pyenv/versions/3.12.1/lib/python3.12/os.py')
  install('.pyenv/secret')
  install('.volta/bin/volta-shim')
  link('.volta/bin/node', '.volta/bin/volta-shim')
  install('.volta/tools/image/node/20.9.0/bin/node')
  install('.volta/tools/image/node/20.9.0/lib/node_modules/npm/package.json')
  expect(shown('.pyenv/shims', '.volta/bin')).toEqual(['.pyenv/versions/3.12.1', '.volta/tools/image/node/20.9.0'])
})

test('a virtual environment is shown with the interpreter that it was made of', () => {
  install('python/bin/python3.12')
  install('python/lib/python3.12/os.py')
  install('project/.venv/pyvenv.cfg')
  link('project/.venv/bin/python3', 'python/bin/python3.12')
  expect(shown('project/.venv/bin')).toEqual(['python', 'project/.venv'])
})

test('functions see a program where it and what its links lead to are shown', () => {
  install('.nvm/versions/node/v20.9.0/bin/node')
  install('.nvm/versions/node/v20.9.0/lib/node_modules/npm/package.json')
  link('bin/node20', '.nvm/versions/node/v20.9.0/bin/node')
  const mounts = plan('bin')
  expect(isShown(mounts, join(home, '.nvm/versions/node/v20.9.0/bin/node'))).toBe(true)
  expect(isShown(mounts, join(home, 'bin/node20'))).toBe(false)
  expect(isShown(mounts, join(home, 'nowhere'))).toBe(false)
  expect(isShown(mounts, '/bin/sh')).toBe(true)
})
