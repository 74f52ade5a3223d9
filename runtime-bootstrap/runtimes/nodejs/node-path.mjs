import { existsSync } from 'node:fs'
import Module from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { resolverOf } from './node-path-hooks.mjs'

/**
 * Lets `import` find packages through NODE_PATH when nothing else is found, as AWS's Node.js does from 18 on. Returns a function to
 * call before an ES module is loaded.
 */
export function importThroughNodePath({ NODE_PATH = '', LAMBDA_TASK_ROOT, LAMBDA_RUNTIME_DIR }) {
  const folders = NODE_PATH.split(':').filter((folder) => folder.startsWith('/') && existsSync(folder))
  const ofLayers = folders.filter((folder) => ![LAMBDA_TASK_ROOT, LAMBDA_RUNTIME_DIR].includes(folder))
  if (Module.registerHooks !== undefined) {
    if (folders.length > 0) Module.registerHooks({ resolve: resolverOf(folders) })
    return () => undefined
  }
  return Module.register === undefined || ofLayers.length === 0 ? () => undefined : registerLate(folders)
}

/**
 * Node.js before 22.15 runs hooks in a thread, whose start takes a tenth of a second: it is started for the first ES module, or the
 * first CommonJS module that may import one.
 */
function registerLate(folders) {
  const { prototype } = Module
  const compile = prototype._compile
  const register = () => {
    if (prototype._compile !== compileAware) return
    prototype._compile = compile
    Module.register(pathToFileURL(join(dirname(process.argv[1]), 'node-path-hooks.mjs')), { data: folders })
  }
  function compileAware(content, ...others) {
    if (/\bimport\s*(?:\(|\/[*/])/.test(content)) register()
    return compile.call(this, content, ...others)
  }
  prototype._compile = compileAware
  return register
}
