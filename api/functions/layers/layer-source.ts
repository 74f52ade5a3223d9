/** A layer version of another account, as it was downloaded. */
export interface ForeignLayer {
  readonly zip: Buffer
}

/** Where layers of other accounts come from. What is refused there is told to the caller as it was said. */
export interface LayerSource {
  fetch(arn: string): Promise<ForeignLayer>
}
