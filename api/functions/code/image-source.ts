import type { ImageConfig } from '../function/function.ts'

/** An image in a registry; without a digest the one that the tag refers to now. */
export interface ImageReference {
  /** The URI as given by the caller, for the log. */
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

/** What a registry returns about an image. */
export interface ReadImage {
  readonly digest: string
  /** The start command of the image. */
  readonly config: Required<ImageConfig>
}

/** Looks up images when a function is created from one. */
export interface ImageSource {
  /** Undefined if the registry does not respond with an image; the log has the reason. */
  read(reference: ImageReference): Promise<ReadImage | undefined>
}
