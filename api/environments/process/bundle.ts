import { build } from 'esbuild'

/**
 * Makes one CommonJS file of an entry and all it imports: whoever starts it loads one file instead of many, and not the
 * loader of ES modules.
 */
export async function bundle(entry: string, target: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
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
