import { fileURLToPath } from 'node:url'
import type { CodeStore } from '../../functions/code/code-store.ts'
import { openDiskCodeStore } from './disk-code-store.ts'
import { openFolderArchives } from './folder-archives.ts'
import { openSharedCodeStore } from './shared-code-store.ts'

export interface CodeStoreOptions {
  readonly dataFolder: string
  /** `file:///folder` or `s3://bucket/prefix`; without it archives are in the data folder. */
  readonly codeUrl?: string | undefined
  readonly s3Endpoint?: string | undefined
  readonly region: string
  /** A clock in milliseconds that is not set back. */
  readonly clock: () => number
  readonly warn: (line: string) => void
}

/** Opens the code store at the configured URL. Throws an error of one line that names the setting when the store cannot be used. */
export async function openCodeStore({
  dataFolder,
  codeUrl,
  s3Endpoint,
  region,
  clock,
  warn,
}: CodeStoreOptions): Promise<CodeStore> {
  if (codeUrl === undefined) return openDiskCodeStore(dataFolder, clock)
  if (codeUrl.startsWith('file:')) {
    return openSharedCodeStore({ archives: openFolderArchives(fileURLToPath(codeUrl)), dataFolder, clock, warn })
  }
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(codeUrl) ?? []
  // Loaded on demand, because it loads slowly.
  const { openS3Archives } = await import('./s3-archives.ts')
  const settings = {
    bucket,
    prefix: path
      .split('/')
      .filter((each) => each !== '')
      .join('/'),
    endpoint: s3Endpoint,
    region,
  }
  return openSharedCodeStore({ archives: await openS3Archives(settings), dataFolder, clock, warn })
}
