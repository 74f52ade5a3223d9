import type { ImageConfig } from '../function/function.ts'

/** Which image of which registry; without a digest the one that the tag names now. */
export interface ImageReference {
  /** As the caller named it, for the log. */
  readonly uri: string
  readonly registry: string
  /** Path of the repository there. */
  readonly repository: string
  readonly tag: string
  /** Hex of the SHA-256 of its manifest. */
  readonly digest?: string
  /** `x86_64` or `arm64`. */
  readonly architecture: string
}

/** What a registry says of an image. */
export interface ReadImage {
  readonly digest: string
  /** What it starts by itself. */
  readonly config: Required<ImageConfig>
}

/** Where images are looked up when a function is made of one. */
export interface ImageSource {
  /** Undefined when the registry does not say, for a reason that is in the log. */
  read(reference: ImageReference): Promise<ReadImage | undefined>
}
