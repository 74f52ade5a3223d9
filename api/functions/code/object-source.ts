/** An object in an S3 bucket; the latest if no version is given. */
export interface ObjectReference {
  readonly bucket: string
  readonly key: string
  readonly version?: string
}

export interface FetchedObject {
  readonly zip: Buffer
  /** Absent if the bucket has no versions. */
  readonly version?: string
}

/** S3's error. */
export interface ObjectRefusal {
  readonly code: string
  readonly message: string
}

/** Deployment packages in S3. */
export interface ObjectSource {
  /** Fetches a package. What S3 refuses is AWS's error (reference 2.4). */
  fetch(reference: ObjectReference): Promise<FetchedObject>
  /** What S3 says against reading an object; undefined if it can be read. */
  refusal(reference: ObjectReference): Promise<ObjectRefusal | undefined>
}
