import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RuntimeError } from './errors.mjs'

/**
 * Loads the function that `_HANDLER` names: `folder/file.export` or `file.object.method`, from Node.js 24 on also in a default
 * export, but no more from a folder. `beforeImport` is called before an ES module is loaded.
 */
export async function loadHandler(taskRoot, handlerName, isAtLeast24, beforeImport = () => undefined) {
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
  const module = await loadModule(taskRoot, folder + file, isAtLeast24, beforeImport)
  const findIn = (object) => path.split('.').reduce((value, name) => value?.[name], object)
  const found = findIn(module) ?? (isAtLeast24 ? findIn(module.default) : undefined)
  if (found === undefined)
    throw new RuntimeError('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`)
  if (typeof found !== 'function') throw new RuntimeError('Runtime.HandlerNotFound', `${handlerName} is not a function`)
  return found
}

async function loadModule(taskRoot, name, isAtLeast24, beforeImport) {
  const base = resolve(taskRoot, name)
  try {
    const file = ['', '.js', '.mjs', '.cjs'].map((extension) => base + extension).find((path) => isFile(path))
    if (file === undefined && isFolder(base)) return requireFolder(base, isAtLeast24)
    if (file === undefined) return requireFrom(taskRoot, name)
    if (!isModule(file)) return createRequire(file)(file)
    beforeImport()
    return await import(pathToFileURL(file).href)
  } catch (error) {
    if (error instanceof SyntaxError)
      throw renamed(error, 'Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`)
    // On AWS, imports of an ES module are not included.
    if (error?.code === 'MODULE_NOT_FOUND') throw renamed(error, 'Runtime.ImportModuleError', `Error: ${error.message}`)
    throw error
  }
}

/** Loads a package; a missing one is an error with AWS's text. */
function requireFrom(taskRoot, name) {
  const require = createRequire('/var/runtime/index.mjs')
  return require(require.resolve(name, { paths: [taskRoot, join(taskRoot, dirname(name))] }))
}

/** AWS's runtime for Node.js 24 imports a folder, which Node.js refuses; earlier ones require it. */
function requireFolder(folder, isAtLeast24) {
  if (!isAtLeast24) return createRequire(folder)(folder)
  const index = ['index.js', 'index.mjs', 'index.cjs'].map((file) => join(folder, file)).find((file) => isFile(file))
  const hint = index === undefined ? '' : `\nDid you mean to import "${index}"?`
  const text = `Directory import '${folder}' is not supported resolving ES modules imported from /var/runtime/index.mjs`
  throw Object.assign(new Error(text + hint), { code: 'ERR_UNSUPPORTED_DIR_IMPORT', url: pathToFileURL(folder).href })
}

function renamed(cause, errorType, message) {
  const error = new RuntimeError(errorType, message)
  error.stack = `${errorType}: ${message}\n${String(cause.stack)
    .split('\n')
    .filter((line) => line.startsWith('    at'))
    .join('\n')}`
  return error
}

function isFolder(path) {
  return existsSync(path) && statSync(path).isDirectory()
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
