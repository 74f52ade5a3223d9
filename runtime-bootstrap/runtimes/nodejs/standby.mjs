import { closeSync, readFileSync } from 'node:fs'
import Module from 'node:module'
import { rehearse } from './rehearsal.mjs'

/** A runtime that starts before its function is known waits for the folder and variables, as JSON on descriptor 3. */
export async function waitForFunction() {
  const flag = process.argv.indexOf('--standby')
  if (flag < 0) return
  process.argv.splice(flag, 1)
  // Slow, so it runs while the runtime waits.
  void process.stdout
  await rehearse()
  const input = readFileSync(3, 'utf8')
  closeSync(3)
  if (input === '') process.exit(0)
  const { folder, variables } = JSON.parse(input)
  for (const name of Object.keys(process.env)) if (!(name in variables)) delete process.env[name]
  Object.assign(process.env, variables)
  process.chdir(folder)
  // NODE_PATH is read when Node.js starts.
  Module._initPaths()
}
