import { buildSync } from 'esbuild'

/**
 * Makes one CommonJS file of an entry and all it imports: whoever starts it loads one file instead of many, and not the
 * loader of ES modules. esbuild's process ends with it, and does not stay beside the server.
 */
export function bundle(entry: string, target: string): Uint8Array {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target,
    legalComments: 'none',
    logLevel: 'silent',
  })
  const text = outputFiles[0]?.contents
  if (text === undefined) throw new Error(`esbuild made nothing of ${entry}`)
  return text
}
