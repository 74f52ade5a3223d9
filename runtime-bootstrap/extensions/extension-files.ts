import { existsSync, readdirSync } from 'node:fs'
import type { Assignment } from '../protocol/protocol.ts'

/** AWS's name for the file that switches extensions off. */
const switchOffFile = 'disable-extensions-jwigqn8j'

/** The extensions that the function's layers or image contain. */
export interface FoundExtensions {
  readonly areDisabled: boolean
  /** Names of the files to start. */
  readonly names: readonly string[]
  readonly folder: string
}

/** Finds extensions: every file in `/opt/extensions`. Without layers there are none. */
export function findExtensions({ layerFolder }: Assignment): FoundExtensions {
  if (layerFolder === undefined) return { areDisabled: false, names: [], folder: '' }
  const folder = `${layerFolder}/extensions`
  if (existsSync(`${layerFolder}/${switchOffFile}`)) return { areDisabled: true, names: [], folder }
  return { areDisabled: false, names: filesIn(folder), folder }
}

function filesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.flatMap((entry) => (entry.isDirectory() ? [] : [entry.name])).toSorted()
  } catch {
    return []
  }
}
