import { describe, expect, test } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { nodeClient, standbyFor, supervise, variablesOf } from '../../supervisor/supervisor.harness.ts'
import { untilTestEnds } from './node-runtime.harness.ts'

/** This Node.js, and those of the machine: versions before 22.15 need other hooks. */
const nodes = [process.execPath, '/usr/bin/node', '/usr/local/bin/node'].flatMap((path) => {
  try {
    return [[execFileSync(path, ['--version'], { encoding: 'utf8' }).trim(), path] as const]
  } catch {
    return []
  }
})

/** Packages as layers bring them, one in the folder of a version. They are in no package of the function. */
const layer = {
  'opt/package.json': '{}',
  'opt/node_modules/modern/package.json':
    '{"name":"modern","type":"module","exports":{".":"./main.js","./sub":{"import":"./sub.js"}}}',
  'opt/node_modules/modern/main.js': 'export const word = "modern"',
  'opt/node_modules/modern/sub.js': 'export const word = "sub"',
  'opt/node_modules/old/index.js': 'module.exports = { word: "old" }',
  'opt/node_modules/@scope/pkg/package.json': '{"name":"@scope/pkg","main":"./main.js"}',
  'opt/node_modules/@scope/pkg/main.js': 'exports.word = "scoped"',
  'opt/node_modules/@scope/pkg/lib/deep.mjs': 'export const word = "deep"',
  'opt/node_modules/leans/package.json': '{"name":"leans","type":"module","main":"./main.js"}',
  'opt/node_modules/leans/main.js': 'export { word } from "versioned"',
  'opt/node24/node_modules/versioned/package.json': '{"name":"versioned","type":"module","exports":"./main.js"}',
  'opt/node24/node_modules/versioned/main.js': 'export const word = "versioned"',
  'opt/plain/own/package.json': '{"name":"own","type":"module","exports":"./main.js"}',
  'opt/plain/own/main.js': 'export const word = "own"',
  'opt/plain/bare/index.js': 'exports.word = "bare"',
  'opt/handlers/app.mjs': 'import old from "old"\nexport const run = async () => old.word',
}

const importsAll = `import { word as modern } from 'modern'
import { word as sub } from 'modern/sub'
import old from 'old'
import { word as scoped } from '@scope/pkg'
import { word as deep } from '@scope/pkg/lib/deep.mjs'
import { word as leaning } from 'leans'
import { word as own } from 'own'
import bare from 'bare'
const { word: late } = await import('versioned')
export const handler = async (names) => {
  const codes = names.map((name) => import(name).then(() => 'found', ({ code }) => code))
  return [modern, sub, old.word, scoped, deep, leaning, own, bare.word, late, ...(await Promise.all(codes))]
}`
const allFound = ['modern', 'sub', 'old', 'scoped', 'deep', 'versioned', 'own', 'bare', 'versioned']
const missing = ['nowhere', './nowhere.mjs', 'modern/nowhere']
const missingCodes = ['ERR_MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED']

async function startLayered(node: string, files: Record<string, string>, handler = 'index.handler', isWaiting = false) {
  const environment = untilTestEnds(
    await supervise({ ...layer, ...files }, isWaiting ? () => standbyFor(nodeClient) : undefined),
  )
  const { folder } = environment
  const folders = ['opt/node24/node_modules', 'opt/node_modules', 'opt/nowhere', 'opt/plain', '']
  const NODE_PATH = folders.map((each) => `${folder}/${each}`).join(':')
  const _HANDLER = handler.replace('OPT', `${folder}/opt`)
  environment.assign({
    command: [node, ...nodeClient.slice(1)],
    variables: { ...variablesOf(folder), _HANDLER, NODE_PATH },
  })
  return environment
}

describe.each(nodes)('with Node.js %s, import finds through NODE_PATH what is nowhere else', (_version, node) => {
  test.each([
    ['from .mjs', { 'index.mjs': importsAll }],
    ['from a package of type module', { 'package.json': '{"type":"module"}', 'index.js': importsAll }],
    [
      'from CommonJS',
      { 'all.mjs': importsAll, 'index.js': `exports.handler = async (e) => (await import('./all.mjs')).handler(e)` },
    ],
  ])('%s', async (_name, files) => {
    const environment = await startLayered(node, files)
    const { payload } = await environment.invoke({ event: JSON.stringify(missing) })
    expect(JSON.parse(payload)).toEqual([...allFound, ...missingCodes])
  })

  test('in a handler that a layer brings', async () => {
    const { payload } = await (await startLayered(node, {}, 'OPT/handlers/app.run')).invoke()
    expect(payload).toBe('"old"')
  })

  test("but first of all in the function's own packages", async () => {
    const own = { 'node_modules/modern/index.js': 'exports.word = "the function\'s"' }
    const files = { ...own, 'index.mjs': `import { word } from 'modern'\nexport const handler = async () => word` }
    expect((await (await startLayered(node, files)).invoke()).payload).toBe(`"the function's"`)
  })
})

test('import through NODE_PATH works in a runtime that waited for its function', async () => {
  const environment = await startLayered(nodeClient[0]!, { 'index.mjs': importsAll }, 'index.handler', true)
  expect(JSON.parse((await environment.invoke({ event: '[]' })).payload)).toEqual(allFound)
})
