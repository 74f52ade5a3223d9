/**
 * Archives that several servers share. Each is kept under a name of its own, also when its content is there already: what one
 * server removes, since it has seen it unused for long, is then never what another has just written.
 */
export interface SharedArchives {
  /** The place in words, for messages. */
  readonly place: string
  /** Resolves when the archive is durable, under a new name. */
  write(hex: string, zip: Uint8Array): Promise<void>
  /** Names under which this content is kept. */
  namesOf(hex: string): Promise<string[]>
  /** All names, with the hex of their content; without it, what is half-written. */
  list(): Promise<{ readonly name: string; readonly hex?: string }[]>
  /** Undefined when the name is gone. */
  read(name: string): Promise<Buffer | undefined>
  remove(name: string): Promise<void>
}
