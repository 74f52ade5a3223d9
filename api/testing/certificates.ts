import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from '@jest/globals'

/** A certificate and its key, both PEM. */
export interface Certificate {
  readonly certificate: string
  readonly privateKey: string
}

/**
 * A certificate authority, and certificates signed by it: of a broker at 127.0.0.1, and of a client whose key has a password.
 */
export interface Certificates {
  readonly authority: string
  readonly broker: Certificate
  readonly client: Certificate & { readonly privateKeyPassword: string }
}

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0
/** Tests that need certificates; skipped where openssl is not installed. */
export const testWithOpenssl = hasOpenssl ? test : test.skip

const privateKeyPassword = 'secret'

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
const days = ['-days', '2']

/** A self-signed certificate for a name such as `IP:127.0.0.1`. */
export function makeCertificate(subjectAltName: string): Certificate {
  return inWorkshop(({ openssl, read }) => {
    const names = ['-subj', '/CN=server', '-addext', `subjectAltName=${subjectAltName}`]
    openssl('req', '-x509', ...newKey, '-nodes', '-keyout', 'own.key', '-out', 'own.pem', ...names, ...days)
    return { certificate: read('own.pem'), privateKey: read('own.key') }
  })
}

/** An authority's certificates of a broker and a client. */
export function makeCertificates(): Certificates {
  return inWorkshop(({ openssl, read }) => {
    const sign = (name: string, ...protection: string[]): Certificate => {
      const address = ['-addext', 'subjectAltName=IP:127.0.0.1']
      const request = ['req', ...newKey, ...protection, '-keyout', `${name}.key`, '-out', `${name}.csr`]
      openssl(...request, '-subj', `/CN=${name}`, ...address)
      const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy']
      openssl('x509', '-req', '-in', `${name}.csr`, ...authority, ...days, '-out', `${name}.pem`)
      return { certificate: read(`${name}.pem`), privateKey: read(`${name}.key`) }
    }
    openssl('req', '-x509', ...newKey, '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca', ...days)
    const [broker, client] = [sign('broker', '-nodes'), sign('client', '-passout', `pass:${privateKeyPassword}`)]
    return { authority: read('ca.pem'), broker, client: { ...client, privateKeyPassword } }
  })
}

interface Workshop {
  readonly openssl: (...words: string[]) => void
  readonly read: (name: string) => string
}

/** Runs openssl in a temporary folder. */
function inWorkshop<Made>(make: (workshop: Workshop) => Made): Made {
  const folder = mkdtempSync(join(tmpdir(), 'kubelambda-certificates-'))
  try {
    return make({
      openssl: (...words) => {
        const { status, stderr } = spawnSync('openssl', words, { cwd: folder })
        if (status !== 0) throw new Error(`openssl ${words.join(' ')}: ${String(stderr)}`)
      },
      read: (name) => readFileSync(join(folder, name), 'utf8'),
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
