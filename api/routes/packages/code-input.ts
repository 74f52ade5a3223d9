import type { CodeRequest } from '../../functions/code/code-source.ts'
import type { ReferencedObject } from '../../functions/function/function.ts'

/** Members that give the code of a function or layer. */
export interface CodeMembers {
  readonly ZipFile?: Buffer
  readonly S3Bucket?: string
  readonly S3Key?: string
  readonly S3ObjectVersion?: string
  readonly S3ObjectStorageMode?: 'COPY' | 'REFERENCE'
  readonly ImageUri?: string
  readonly SourceKMSKeyArn?: string
}

/** The code in a request; undefined if there is none. */
export function codeInput(members: CodeMembers): CodeRequest {
  const { ZipFile, S3Bucket, S3Key, S3ObjectVersion, ImageUri, SourceKMSKeyArn: sourceKmsKeyArn } = members
  if (ZipFile !== undefined) return { zip: ZipFile, sourceKmsKeyArn }
  if (ImageUri !== undefined) return { imageUri: ImageUri }
  if (S3Bucket === undefined || S3Key === undefined) return {}
  const version = S3ObjectVersion === undefined ? {} : { version: S3ObjectVersion }
  const isReference = members.S3ObjectStorageMode === 'REFERENCE'
  return { object: { bucket: S3Bucket, key: S3Key, ...version }, isReference, sourceKmsKeyArn }
}

/** The object that referenced code is of, in AWS's spelling. */
export function resolvedObject(object: ReferencedObject | undefined) {
  return object && { S3Bucket: object.bucket, S3Key: object.key, S3ObjectVersion: object.version }
}
