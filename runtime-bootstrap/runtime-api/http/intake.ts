/**
 * The most that all connections of an environment hold of requests which are not whole: heads, bodies and pipelined requests. The
 * largest single request, a response of 6 MiB whose stream ended with an error of that size, takes two thirds of it.
 */
const maxHeldBytes = 32 * 1024 * 1024

/** Counts what the connections of an environment hold. */
export class Intake {
  #held = 0

  /** A connection holds so many bytes more or fewer than before; false when that is too much for all of them together. */
  change(bytes: number): boolean {
    this.#held += bytes
    return bytes <= 0 || this.#held <= maxHeldBytes
  }
}
