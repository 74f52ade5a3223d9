import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'

/** Holds what README, docs/ and the folders' READMEs say against the code. */
const root = fileURLToPath(new URL('../../', import.meta.url))
const folders = ['api', 'runtime-bootstrap', 'k8s', 'fixtures', 'conformance', 'bench', 'examples']
const folderPages = folders.map((folder) => `${folder}/README.md`)
const examplePages = globSync('examples/*/README.md', { cwd: root })
const pages = [
  ...globSync('*.md', { cwd: root }),
  ...globSync('docs/*.md', { cwd: root }),
  ...folderPages,
  ...examplePages,
]

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const isThere = (path: string): boolean => existsSync(join(root, path))
const lineCount = (path: string): number => read(path).trimEnd().split('\n').length

/** Code spans outside of code blocks. */
function spansOf(text: string): string[] {
  const prose = text.replaceAll(/^ *```[^]*?^ *```$/gm, '')
  return Array.from(prose.matchAll(/`([^`\n]+)`/g), ([, span = '']) => span)
}

const sourceFiles = globSync('{api,k8s,runtime-bootstrap}/**/*.ts', { cwd: root }).filter(
  (path) => !/\.(test|contract|harness|fake)\.ts$|\/(testing|tests|build)\//.test(path),
)
const source = sourceFiles.map(read).join('\n')

describe('pages', () => {
  test('the README has at most 200 lines, those of folders have at most 40, and those of examples at most 30', () => {
    expect(lineCount('README.md')).toBeLessThanOrEqual(200)
    expect(folderPages.filter((page) => lineCount(page) > 40)).toEqual([])
    expect(examplePages.filter((page) => lineCount(page) > 30)).toEqual([])
  })

  test.each(pages)('the links of %s lead to pages and headings that exist', (page) => {
    const links = Array.from(read(page).matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link)
    const local = links.filter((link) => !/^https?:/.test(link))
    expect(local.filter((link) => !leadsSomewhere(page, link))).toEqual([])
  })

  test('the README links every page of docs/ and every folder is linked', () => {
    const linked = (page: string, from: string) => read(from).includes(`](${page})`)
    expect(globSync('docs/*.md', { cwd: root }).filter((page) => !linked(page, 'README.md'))).toEqual([])
    expect(folderPages.filter((page) => !linked(`../${page}`, 'docs/development.md'))).toEqual([])
    const nameInExamples = (page: string) => page.replace('examples/', '')
    expect(examplePages.filter((page) => !linked(nameInExamples(page), 'examples/README.md'))).toEqual([])
  })

  test.each(pages)('the files that %s names exist', (page) => {
    expect(spansOf(read(page)).filter((span) => namesFile(page, span) && !isNamedFile(page, span))).toEqual([])
  })

  test('npm scripts that pages name exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = pages.flatMap((page) => Array.from(read(page).matchAll(/npm run ([\w:]+)/g), ([, name = '']) => name))
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
  })
})

describe('docs/configuration.md', () => {
  const tables = between('docs/configuration.md', 'settings')
  const documented = Array.from(tables.matchAll(/^\| `(KUBELAMBDA_\w+)`/gm), ([, name = '']) => name)

  test('lists the settings that the server reads, once each', () => {
    const settings = new Set(Array.from(source.matchAll(/^ +(KUBELAMBDA_\w+): /gm), ([, name = '']) => name))
    expect(documented.toSorted()).toEqual([...settings].toSorted())
  })

  test.each(pages)('%s names no setting or variable that the code does not have', (page) => {
    const code = globSync('{api,k8s,runtime-bootstrap,conformance,bench,.ci}/**/*', { cwd: root, withFileTypes: true })
    const text = code
      .filter((entry) => entry.isFile() && /^run$|\.(ts|sh|yaml)$/.test(entry.name))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n')
    const known = new Set(text.match(/KUBELAMBDA_\w+/g))
    const named = read(page).match(/KUBELAMBDA_[A-Z0-9_]+[A-Z0-9]/g) ?? []
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })
})

describe('docs/troubleshooting.md', () => {
  /** Texts as they are printed: pieces joined, quotes without their backslash. */
  const texts = source.replaceAll(/['"`]\s*\+\s*['"`]/g, '').replaceAll("\\'", "'")

  test('quotes messages that the code has', () => {
    const rows = Array.from(
      read('docs/troubleshooting.md').matchAll(/^\| `([^`]+)` \|/gm),
      ([, message = '']) => message,
    )
    expect(rows.length).toBeGreaterThan(50)
    expect(
      rows.filter((message) => !isCommanders(message) && !fixedParts(message).every((part) => texts.includes(part))),
    ).toEqual([])
  })

  test('explains what the server logs', () => {
    const page = read('docs/troubleshooting.md')
    const calls = /\b(?:warn|info|onFault|log\.error)\(\s*(?:`([^`\n]+)`|'([^'\n]+)')/g
    const logged = Array.from(texts.matchAll(calls), ([, template, text]) => template ?? text ?? '')
    const parts = logged.map(
      (line) => line.split(/\$\{.*?\}/).toSorted((one, other) => other.length - one.length)[0] ?? '',
    )
    const words = (text: string) =>
      text
        .trim()
        .replace(/[.:;,] .*$/, '')
        .replace(/[.:,]$/, '')
        .trim()
    expect(parts.filter((part) => words(part).length > 8 && !page.includes(words(part)))).toEqual([])
  })
})

test('docs/development.md says of every dependency why it is there', () => {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string>
  >
  const named = new Set(spansOf(read('docs/development.md')))
  expect(Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !named.has(name))).toEqual([])
})

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : normalize(join(dirname(page), path))
  if (!isThere(target)) return false
  return anchor === undefined || headingsOf(target).includes(anchor)
}

/** The anchors of a page's headings, as GitHub makes them. */
function headingsOf(page: string): string[] {
  const headings = Array.from(read(page).matchAll(/^#+ (.+)$/gm), ([, text = '']) => text)
  return headings.map((text) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Whether a code span is the path of a file or folder of this repository, and not of a function or a machine. */
function namesFile(page: string, span: string): boolean {
  if (/[*<>{}\s$]/.test(span)) return false
  if (folders.some((folder) => span.startsWith(`${folder}/`)) || span.startsWith('docs/')) return true
  return folderPages.includes(page) && /^[\w.-]+(\/[\w.-]+)*(\/|\.(ts|mjs|cjs|lua|sh|json|tf))$/.test(span)
}

function isNamedFile(page: string, span: string): boolean {
  return isThere(span) || isThere(join(dirname(page), span))
}

function between(page: string, name: string): string {
  const text = read(page)
  return text.slice(text.indexOf(`<!-- ${name}:start -->`), text.indexOf(`<!-- ${name}:end -->`))
}

/** Messages of the parser of the command line. */
function isCommanders(message: string): boolean {
  return message.startsWith('unknown option')
}

/** The constant parts of a message: without names of settings and placeholders. */
function fixedParts(message: string): string[] {
  const parts = message.split(/<[^>]*>|^KUBELAMBDA_\w+:/).map((part) => part.trim())
  return parts.filter((part) => part.length > 2)
}
