import { expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Without the settings of the tests, which a server would refuse or follow. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KUBELAMBDA_')))

// Seeds of rounds that a fault was found with, or that reach much: add those of new faults.
test.each([1, 104])('random requests to every socket do no harm, from seed %d', (seed) => {
  const words = ['bench/fuzz/main.ts', '--requests', '3000', '--seed', String(seed)]
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: root, env, encoding: 'utf8' })
  expect({ status, faults: stdout.match(/^FAULT.*/gm), ...(status === 0 ? {} : { stderr }) }).toEqual({
    status: 0,
    faults: null,
  })
})
