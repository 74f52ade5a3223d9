import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('../..', import.meta.url))

/** The last commit of 0.1.0, from which users update. */
const commit = 'e8c3ded'

/** The release before, as a program that can be started. */
export interface ReleaseBefore {
  /** Its main file. */
  readonly program: string
  remove(): void
}

/** Whether the history of this checkout has the release before. */
export function hasReleaseBefore(): boolean {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: project, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Takes the release before out of the history. It runs with today's packages. */
export function openReleaseBefore(): ReleaseBefore {
  const folder = mkdtempSync(join(tmpdir(), 'kubelambda-before-'))
  const archive = execFileSync('git', ['archive', commit, 'api', 'runtime-bootstrap', 'k8s', 'package.json'], {
    cwd: project,
    maxBuffer: 256 * 1024 * 1024,
  })
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
  return { program: join(folder, 'api/main.ts'), remove: () => rmSync(folder, { recursive: true, force: true }) }
}
