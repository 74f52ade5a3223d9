/** A downloaded layer version of another account. */
export interface ForeignLayer {
  readonly zip: Buffer
}

/** Fetches layers of other accounts. Refusals are passed on to the caller. */
export interface LayerSource {
  fetch(arn: string): Promise<ForeignLayer>
}
