import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RuntimeError } from './errors.mjs'

/** Loads the function that `_HANDLER` names: `folder/file.export` or `file.object.method`, optionally in a default export. */
export async function loadHandler(taskRoot, handlerName, looksInDefault) {
  const slash = handlerName.lastIndexOf('/') + 1
  const folder = handlerName.slice(0, slash)
  const match = /^([^.]*)\.(.+)$/.exec(handlerName.slice(slash))
  if (handlerName.includes('..'))
    throw new RuntimeError(
      'Runtime.MalformedHandlerName',
      `'${handlerName}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    )
  if (match === null) throw new RuntimeError('Runtime.MalformedHandlerName', 'Bad handler')
  const [, file, path] = match
  const module = await loadModule(taskRoot, folder + file)
  const findIn = (object) => path.split('.').reduce((value, name) => value?.[name], object)
  const found = findIn(module) ?? (looksInDefault ? findIn(module.default) : undefined)
  if (found === undefined)
    throw new RuntimeError('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`)
  if (typeof found !== 'function') throw new RuntimeError('Runtime.HandlerNotFound', `${handlerName} is not a function`)
  return found
}

async function loadModule(taskRoot, name) {
  const base = resolve(taskRoot, name)
  try {
    const file = ['', '.js', '.mjs', '.cjs'].map((extension) => base + extension).find((path) => isFile(path))
    if (file === undefined) return requireFrom(taskRoot, name)
    return isModule(file) ? await import(pathToFileURL(file).href) : createRequire(file)(file)
  } catch (error) {
    if (error instanceof SyntaxError)
      throw renamed(error, 'Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`)
    // On AWS, imports of an ES module are not included.
    if (error?.code === 'MODULE_NOT_FOUND') throw renamed(error, 'Runtime.ImportModuleError', `Error: ${error.message}`)
    throw error
  }
}

/** Loads a package or folder; a missing one is an error with AWS's text. */
function requireFrom(taskRoot, name) {
  const require = createRequire('/var/runtime/index.mjs')
  return require(require.resolve(name, { paths: [taskRoot, join(taskRoot, dirname(name))] }))
}

function renamed(cause, errorType, message) {
  const error = new RuntimeError(errorType, message)
  error.stack = `${errorType}: ${message}\n${String(cause.stack)
    .split('\n')
    .filter((line) => line.startsWith('    at'))
    .join('\n')}`
  return error
}

function isFile(path) {
  return existsSync(path) && /\.[cm]?js$/.test(path)
}

/** Whether Node treats the file as an ES module: by extension, else by the nearest package.json. */
function isModule(file) {
  if (file.endsWith('.mjs')) return true
  if (file.endsWith('.cjs')) return false
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest)) {
      try {
        return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module'
      } catch {
        return false
      }
    }
    if (folder === dirname(folder)) return false
  }
}
