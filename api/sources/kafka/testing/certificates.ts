import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  readonly certificate: string
  readonly privateKey: string
}

/** An authority, and what it has signed: a broker at 127.0.0.1 and a client, whose key has a password. */
export interface Certificates {
  readonly authority: string
  readonly broker: Certificate
  readonly client: Certificate & { readonly privateKeyPassword: string }
}

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

const privateKeyPassword = 'secret'

/** Certificates of an hour or so, made by openssl. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'kubelambda-certificates-'))
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const openssl = (...words: string[]): void => {
    const { status, stderr } = spawnSync('openssl', words, { cwd: folder })
    if (status !== 0) throw new Error(`openssl ${words.join(' ')}: ${String(stderr)}`)
  }
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const sign = (name: string, ...protection: string[]): Certificate => {
    const address = ['-addext', 'subjectAltName=IP:127.0.0.1']
    const request = ['req', ...newKey, ...protection, '-keyout', `${name}.key`, '-out', `${name}.csr`]
    openssl(...request, '-subj', `/CN=${name}`, ...address)
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy']
    openssl('x509', '-req', '-in', `${name}.csr`, ...authority, '-days', '2', '-out', `${name}.pem`)
    return { certificate: read(`${name}.pem`), privateKey: read(`${name}.key`) }
  }
  try {
    openssl('req', '-x509', ...newKey, '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca', '-days', '2')
    const [broker, client] = [sign('broker', '-nodes'), sign('client', '-passout', `pass:${privateKeyPassword}`)]
    return { authority: read('ca.pem'), broker, client: { ...client, privateKeyPassword } }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
