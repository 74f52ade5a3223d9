import { spawnSync } from 'node:child_process'

const nobody = { uid: 65_534, gid: 65_534 }

/** Whether the tests may start processes of other users, and these can run this Node.js: not in a checkout below a closed folder. */
export const canRunAsOthers =
  process.getuid?.() === 0 && spawnSync(process.execPath, ['-e', ''], { cwd: '/', ...nobody }).status === 0

/** For the title of a test that needs them. */
export const withoutOthers = canRunAsOthers
  ? ''
  : ' (skipped: needs root, and a checkout that other users of the machine can enter)'
