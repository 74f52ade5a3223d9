import { existsSync, readdirSync } from 'node:fs'
import type { Assignment } from '../protocol/protocol.ts'

/** AWS's name for the file that switches extensions off. */
const switchOffFile = 'disable-extensions-jwigqn8j'

/** What the function's layers or image bring along. */
export interface FoundExtensions {
  readonly areDisabled: boolean
  /** Files to be started, by name. */
  readonly names: readonly string[]
  readonly folder: string
}

/** Looks for extensions: all that is no folder in `/opt/extensions`. Without layers there are none. */
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
