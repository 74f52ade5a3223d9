/**
 * Archives that several servers share. Each write gets a unique name, even if the same content exists already: an archive that one
 * server removes as unused is then never one that another server has just written.
 */
export interface SharedArchives {
  /** A description of the location, for messages. */
  readonly place: string
  /** Resolves when the archive is durable, under a new name. */
  write(hex: string, zip: Uint8Array): Promise<void>
  /** All names of this content. */
  namesOf(hex: string): Promise<string[]>
  /** All names, with the hex of their content. A partly written archive has none. */
  list(): Promise<{ readonly name: string; readonly hex?: string }[]>
  /** Resolves with undefined when the name does not exist any more. */
  read(name: string): Promise<Buffer | undefined>
  remove(name: string): Promise<void>
}
