import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { rmSync, writeFileSync } from 'node:fs'
import { KubeConfig } from '@kubernetes/client-node'
import { hasOpenssl, makeCertificate, testWithOpenssl, type Certificate } from '../../api/testing/certificates.ts'
import { clusterFault } from './cluster-fault.ts'
import { startFakeApi, type FakeApi } from '../testing/api-server.ts'
import { startTestDriver } from '../testing/test-driver.ts'

describe('an API server that cannot be trusted', () => {
  const own = hasOpenssl ? makeCertificate('IP:127.0.0.1') : undefined
  let api: FakeApi | undefined
  let waiting: AbortController
  beforeEach(() => {
    waiting = new AbortController()
  })
  afterEach(() => api?.stop())

  const play = async (certificate: Certificate | undefined, authority: Certificate | undefined) => {
    api = await startFakeApi(certificate && { ...certificate, authority: authority?.certificate })
    return api
  }
  /** The error that ends the start; a start that waits says so and ends with that line instead. */
  const start = (kubeconfig: string): Promise<string> => {
    const warn = (line: string): void => waiting.abort(new Error(line))
    return startTestDriver(kubeconfig, { log: { info: () => undefined, warn }, signal: waiting.signal }).then(
      async (driver) => {
        await driver.close()
        return 'it started'
      },
      (fault: unknown) =>
        waiting.signal.aborted ? (waiting.signal.reason as Error).message : (fault as Error).message,
    )
  }
  const line = /^KUBELAMBDA_KUBECONFIG: [^\n]*$/

  testWithOpenssl('one whose authority the kubeconfig names is used', async () => {
    const { kubeconfig } = await play(own, own)
    expect(await start(kubeconfig)).toBe('it started')
  })

  testWithOpenssl.each([
    ['signed its certificate itself', () => undefined, /self-signed certificate.*certificate authority/],
    ['is of another authority', () => makeCertificate('IP:127.0.0.1'), /certificate.*certificate authority/],
  ])('one that %s ends the start with one line that names the setting and the fix', async (_, authority, reason) => {
    const { kubeconfig } = await play(own, authority())
    const said = await start(kubeconfig)
    expect(said).toMatch(line)
    expect(said).toMatch(reason)
    expect(said).not.toMatch(/Waiting|NODE_|--use/)
  })

  testWithOpenssl('one whose certificate is for another address ends the start so', async () => {
    const foreign = makeCertificate('DNS:elsewhere.example')
    const { kubeconfig } = await play(foreign, foreign)
    const said = await start(kubeconfig)
    expect(said).toMatch(line)
    expect(said).toMatch(/127\.0\.0\.1.*an address.*the certificate is for/)
  })

  test('ends the start if it does not speak TLS', async () => {
    const { kubeconfig } = await play(undefined, undefined)
    const config = new KubeConfig()
    config.loadFromFile(kubeconfig)
    const server = config.getCurrentCluster()?.server.replace('http:', 'https:') ?? ''
    config.loadFromClusterAndUser({ name: 'c', server, skipTLSVerify: false }, { name: 'u' })
    writeFileSync(kubeconfig, config.exportConfig())
    const said = await start(kubeconfig)
    expect(said).toMatch(line)
    expect(said).toMatch(/does not speak TLS.*http:/)
  })

  test("ends the start if the authority's file cannot be read, and names the file", async () => {
    const { kubeconfig } = await play(undefined, undefined)
    const caFile = `${kubeconfig}-authority`
    rmSync(caFile, { force: true })
    const config = new KubeConfig()
    const server = 'https://127.0.0.1:1'
    config.loadFromClusterAndUser({ name: 'c', server, caFile, skipTLSVerify: false }, { name: 'u' })
    writeFileSync(kubeconfig, config.exportConfig())
    const said = await start(kubeconfig)
    expect(said).toMatch(line)
    expect(said).toContain(caFile)
    expect(said).not.toMatch(/Waiting/)
  })

  test.each(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])('a certificate with %s is a permanent fault', (code) => {
    const cause = Object.assign(new Error('certificate has expired'), { code })
    const fault = clusterFault('list pods', new TypeError('fetch failed', { cause }))
    expect(fault.kind).toBe('kubeconfig')
    expect(fault.message).toMatch(/renew/)
  })

  test.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])(
    'a connection that ends with %s is not for good',
    (code) => {
      const cause = Object.assign(new Error('no connection'), { code })
      expect(clusterFault('list pods', new TypeError('fetch failed', { cause })).kind).toBe('unreachable')
    },
  )
})
