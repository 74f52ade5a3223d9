import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { writePackageFiles, type PackageFiles } from './package-files.ts'

let root: string
let outside: string
let layers: string
let files: PackageFiles
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'package-files-'))
  outside = join(root, 'outside')
  layers = join(root, 'layers')
  for (const folder of [outside, layers, join(root, 'code')]) mkdirSync(folder, { mode: 0o700 })
  files = writePackageFiles({ code: join(root, 'code'), layers })
})
afterEach(() => {
  rmSync(root, { recursive: true })
})

const put = (path: string, text: string, mode = 0o644) => {
  files.put({ type: 'put', place: 'layers', kind: 'file', path, mode, modifiedMs: 0 }, Buffer.from(text))
}
const putLink = (path: string, target: string) => {
  files.put({ type: 'put', place: 'layers', kind: 'link', path, target }, Buffer.alloc(0))
}
const putFolder = (path: string) => {
  files.put({ type: 'put', place: 'layers', kind: 'folder', path, mode: 0o777 }, Buffer.alloc(0))
}

test('links that point outside are kept', () => {
  putLink('absolute', outside)
  putLink('lib/climbing', '../../nowhere')
  files.finish()
  expect(readlinkSync(join(layers, 'absolute'))).toBe(outside)
  expect(readlinkSync(join(layers, 'lib/climbing'))).toBe('../../nowhere')
})

test('a later layer writes nothing through the link of an earlier one', () => {
  putLink('lib', outside)
  putLink('file', join(outside, 'file'))
  put('lib/deep/file', 'later')
  put('file', 'later')
  putLink('folder', outside)
  putFolder('folder')
  files.finish()
  expect(readdirSync(outside)).toEqual([])
  expect(statSync(outside).mode & 0o777).toBe(0o700)
  expect(readFileSync(join(layers, 'lib/deep/file'), 'utf8')).toBe('later')
  expect(readFileSync(join(layers, 'file'), 'utf8')).toBe('later')
})

test('a folder that a layer replaced by a link is a folder again for the next layer', () => {
  putFolder('lib')
  putFolder('lib/deep')
  put('lib/deep/file', 'first')
  putLink('lib', outside)
  put('lib/deep/file', 'third')
  files.finish()
  expect(readdirSync(outside)).toEqual([])
  expect(readFileSync(join(layers, 'lib/deep/file'), 'utf8')).toBe('third')
})

test('the folder of an earlier layer that a link replaced leaves no mode behind', () => {
  putFolder('lib')
  putLink('lib', outside)
  files.finish()
  expect(statSync(outside).mode & 0o777).toBe(0o700)
})

test('what only the owner of a file on AWS may read or run, the function may not', () => {
  const given = { secret: 0o600, tool: 0o744, shared: 0o644, open: 0o755, group: 0o640 }
  for (const [name, mode] of Object.entries(given)) put(name, '', mode)
  files.finish()
  const modes = Object.keys(given).map((name) => (statSync(join(layers, name)).mode & 0o777).toString(8))
  expect(modes).toEqual(['200', '644', '644', '755', '240'])
})
