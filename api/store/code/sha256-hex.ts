/** The hash as file names have it; what is no SHA-256 in base64 is an error. */
export function hexOf(sha256: string): string {
  const bytes = Buffer.from(sha256, 'base64')
  if (bytes.length !== 32) throw new Error(`Not the base64 of a SHA-256: ${sha256}`)
  return bytes.toString('hex')
}
