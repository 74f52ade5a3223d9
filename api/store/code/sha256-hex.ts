/** Converts a hash from base64 to hex, which file names use. Throws for anything but a SHA-256. */
export function hexOf(sha256: string): string {
  const bytes = Buffer.from(sha256, 'base64')
  if (bytes.length !== 32) throw new Error(`Not the base64 of a SHA-256: ${sha256}`)
  return bytes.toString('hex')
}

/** Converts a hash from hex to base64. */
export function base64Of(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}
