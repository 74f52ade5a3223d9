import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Relative and absolute paths, imports of a package's own, and URLs, `node:` among them. */
const notBare = /^(?:\.{0,2}\/|#|[a-z][a-z\d+.-]*:)/i

/** What Node.js runs in a thread of its own, where it has no synchronous hooks. */
let ownFolders = []

export function initialize(folders) {
  ownFolders = folders
}

export async function resolve(specifier, context, nextResolve) {
  try {
    return await nextResolve(specifier, context)
  } catch (error) {
    if (!isMissing(error, specifier)) throw error
    for (const [candidate, parentURL] of candidatesOf(specifier, ownFolders)) {
      try {
        return await nextResolve(candidate, { ...context, parentURL })
      } catch (cause) {
        if (!isMissing(cause, specifier)) throw cause
      }
    }
    throw error
  }
}

/** A hook that looks for what nothing else is found for in these folders, in order. */
export function resolverOf(folders) {
  return (specifier, context, nextResolve) => {
    try {
      return nextResolve(specifier, context)
    } catch (error) {
      if (!isMissing(error, specifier)) throw error
      for (const [candidate, parentURL] of candidatesOf(specifier, folders)) {
        try {
          return nextResolve(candidate, { ...context, parentURL })
        } catch (cause) {
          if (!isMissing(cause, specifier)) throw cause
        }
      }
      throw error
    }
  }
}

/** `require` follows NODE_PATH itself, and its error has another code. */
function isMissing(error, specifier) {
  return error?.code === 'ERR_MODULE_NOT_FOUND' && !notBare.test(specifier)
}

/**
 * What to resolve instead, and from where: Node.js itself then looks at `exports`, subpaths and `main`. Only folders that are called
 * `node_modules` can be searched so; in others it is a package that refers to itself, a file, or a package's main file.
 */
function* candidatesOf(specifier, folders) {
  const [, name, subpath] = /^((?:@[^/]*\/)?[^/]*)(.*)$/.exec(specifier)
  for (const folder of folders) {
    if (basename(folder) === 'node_modules') {
      yield [specifier, urlOf(dirname(folder), 'any.js')]
      continue
    }
    const path = join(folder, specifier)
    if (isFile(join(folder, name, 'package.json'))) yield [specifier, urlOf(folder, name, 'any.js')]
    if (isFile(path)) yield [urlOf(path)]
    else if (subpath === '') yield* mainOf(path)
  }
}

function* mainOf(path) {
  try {
    yield [urlOf(createRequire(path).resolve(path))]
  } catch {
    // There is none.
  }
}

function isFile(path) {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function urlOf(...path) {
  return pathToFileURL(join(...path)).href
}
