import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { V1Secret } from '@kubernetes/client-node'
import { startFakeApi, type FakeApi } from './testing/api-server.ts'
import { until } from './testing/until.ts'

describe('the password of the Redis of the manifests', () => {
  let api: FakeApi
  beforeEach(async () => {
    api = await startFakeApi()
  })
  afterEach(() => api.stop())

  /** Runs as in the init container, with what the Secret says. */
  async function ensure(password?: string) {
    const { REDIS_PASSWORD: _, ...own } = process.env
    const env = { ...own, KUBECONFIG: api.kubeconfig, ...(password === undefined ? {} : { REDIS_PASSWORD: password }) }
    const child = spawn(process.execPath, [fileURLToPath(new URL('redis-password.ts', import.meta.url))], { env })
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
    return { output, errors, code: code as number }
  }
  const secret = () => api.pods.get('redis-password') as V1Secret | undefined

  test('is created at random if there is none', async () => {
    expect(await ensure()).toEqual({
      output: 'redis-password: created the Secret redis-password\n',
      errors: '',
      code: 0,
    })
    expect(secret()?.stringData?.['password']).toMatch(/^[0-9a-f]{64}$/)
  })

  test('is kept if there is one', async () => {
    api.refuse('POST', { status: 409, message: 'secrets "redis-password" already exists' })
    expect(await ensure()).toMatchObject({ errors: '', code: 0 })
  })

  test('needs no Kubernetes API if the Secret is mounted', async () => {
    expect(await ensure('known')).toMatchObject({ errors: '', code: 0 })
    expect(api.asked).toEqual([])
  })

  test('waits for a Kubernetes API that is not ready', async () => {
    api.refuse('POST', { status: 503, message: 'etcd is not there' })
    const ensured = ensure()
    await until(() => api.asked.length > 0, 40_000)
    api.refuse('POST', undefined)
    expect(await ensured).toMatchObject({ errors: '', code: 0 })
    expect(secret()).toBeDefined()
  })

  test.each(['', 'p@ss/word'])(
    'is refused in one line where the Secret says %j, which an address cannot hold',
    async (password) => {
      const { errors, code } = await ensure(password)
      expect(errors).toMatch(/^redis-password: [^\n]*Secret redis-password may only contain letters[^\n]*\n$/)
      expect(code).toBe(1)
    },
  )

  test('that may not be created is an error of one line that says what to do', async () => {
    api.refuse('POST', { status: 403, message: 'secrets is forbidden: cannot create' })
    const { errors, code } = await ensure()
    expect(errors).toMatch(
      /^redis-password: Create the Secret [^\n]*Role of k8s\/manifests[^\n]*cannot create[^\n]*\n$/,
    )
    expect(code).toBe(1)
  })
})
