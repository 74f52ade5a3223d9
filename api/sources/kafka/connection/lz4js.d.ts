/** The part of the package that is used, of LZ4's frames; it has no types of its own. */
declare module 'lz4js' {
  /** At least as many bytes as the frame has when it is decompressed. */
  export function decompressBound(frame: Uint8Array): number
  /** Answers how many bytes it has; those that find no room are left out. */
  export function decompressFrame(frame: Uint8Array, into: Uint8Array): number
}
