import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate that signed itself, and its key, both PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** Makes a certificate of a server, for a name such as `IP:127.0.0.1`, with openssl. */
export function makeCertificate(subjectAltName: string): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'kubelambda-certificate-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=kubernetes', '-addext', `subjectAltName=${subjectAltName}`]
  try {
    const { status, stderr } = spawnSync('openssl', ['req', ...kind, ...names, '-keyout', key, '-out', cert])
    if (status !== 0) throw new Error(`openssl made no certificate: ${String(stderr)}`)
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
