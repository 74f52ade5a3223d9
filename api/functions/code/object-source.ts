/** An object in an S3 bucket; the latest if no version is given. */
export interface ObjectReference {
  readonly bucket: string
  readonly key: string
  readonly version?: string
}

/** Fetches deployment packages from S3. What S3 refuses is AWS's error (reference 2.4). */
export interface ObjectSource {
  fetch(reference: ObjectReference): Promise<Buffer>
}
