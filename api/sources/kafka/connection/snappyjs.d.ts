/** The part of the package that is used; it has no types of its own. */
declare module 'snappyjs' {
  /** Reads Snappy's raw format; throws for what is none, and for what would be longer than the limit. */
  export function uncompress(compressed: Uint8Array, mostBytes: number): Uint8Array
}
