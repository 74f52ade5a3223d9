/** One object of an S3 bucket; the newest when no version is named. */
export interface ObjectReference {
  readonly bucket: string
  readonly key: string
  readonly version?: string
}

/** Where deployment packages named by bucket and key come from. What S3 refuses is AWS's error (reference 2.4). */
export interface ObjectSource {
  fetch(reference: ObjectReference): Promise<Buffer>
}
