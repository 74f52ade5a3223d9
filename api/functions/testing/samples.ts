import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import yazl from 'yazl'
import type { FunctionRecord, FunctionVersion } from '../function/function.ts'

const modified = new Date('2024-05-06T07:08:10Z')

/** A version with settings of every type. */
export function aVersion(version: string, sizeBytes = 100): FunctionVersion {
  return {
    version,
    settings: {
      description: 'größe "quoted" \u0000 😀',
      role: 'arn:aws:iam::000000000000:role/r',
      packageType: 'Zip',
      runtime: 'nodejs22.x',
      handler: 'index.handler',
      timeoutSeconds: 3,
      memoryMb: 128,
      ephemeralStorageMb: 512,
      architectures: ['x86_64'],
      variables: { A: '1' },
      layers: [],
      tracingMode: 'PassThrough',
      snapStartApplyOn: 'None',
      logging: { format: 'Text', group: '/aws/lambda/f' },
      fileSystems: [],
    },
    code: { sha256: 'q83vEjRWeJA=', sizeBytes },
    revisionId: 'r',
    lastModifiedMs: 1,
    state: 'Active',
    generation: 'g',
  }
}

/** A function without published versions. */
export function aFunction(name: string, changes: Partial<FunctionRecord> = {}): FunctionRecord {
  return { name, latest: aVersion('$LATEST'), nextVersion: 1, versions: [], aliases: {}, tags: {}, ...changes }
}

/** A zip of these files, by path. */
export async function aPackage(
  files: Readonly<Record<string, string | Buffer>>,
): Promise<{ sha256: string; zip: Buffer }> {
  const archive = new yazl.ZipFile()
  for (const [path, content] of Object.entries(files))
    archive.addBuffer(Buffer.from(content as string), path, { mtime: modified })
  return finished(archive)
}

/** Ends the archive and returns it with its hash. */
export async function finished(archive: yazl.ZipFile): Promise<{ sha256: string; zip: Buffer }> {
  archive.end()
  const zip = await buffer(archive.outputStream)
  return { sha256: createHash('sha256').update(zip).digest('base64'), zip }
}
