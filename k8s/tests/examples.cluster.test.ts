import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { freePort } from '../../api/store/redis/testing/redis-server.ts'
import { missingPrograms, runBlocks } from '../../api/testing/shell-blocks.ts'
import { removeInstallation } from '../testing/installation.ts'

/** Runs the walk-through in a copy of what it uses, on this cluster's overlay instead of kind's. */
const root = fileURLToPath(new URL('../../', import.meta.url))
const missing = missingPrograms('aws', 'zip', 'curl', 'kubectl')
const about = 'the walk-through of examples/kubernetes'
const describeWalk = missing.length === 0 ? describe : describe.skip

describeWalk(missing.length === 0 ? about : `${about} (skipped: not on PATH: ${missing.join(', ')})`, () => {
  const work = mkdtempSync(join(tmpdir(), 'kubelambda-walk-'))
  beforeAll(async () => {
    // Other test files bring the same objects up with other settings.
    await removeInstallation()
    const copied = ['examples/kubernetes', 'examples/nodejs', 'k8s/manifests']
    for (const folder of copied) cpSync(join(root, folder), join(work, folder), { recursive: true })
    const overlay = join(work, 'examples/kubernetes/kustomization.yaml')
    writeFileSync(overlay, readFileSync(overlay, 'utf8').replace('overlays/kind', 'overlays/test'))
  }, 400_000)
  afterAll(async () => {
    await removeInstallation()
    rmSync(work, { recursive: true, force: true })
  }, 400_000)

  test('runs a function in a pod', async () => {
    const port = String(await freePort())
    const kubeconfig = process.env['KUBECONFIG']
    const output = await runBlocks('examples/kubernetes/README.md', {
      address: `http://127.0.0.1:${port}`,
      folder: work,
      variables: kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig },
      replacements: { '9000:80': `${port}:80` },
    })
    expect(output).toContain('{"message":"Hello, Ada!"}')
    expect(output).toMatch(/^\S+ +1\/1 +Running/m)
  }, 600_000)
})
