import type { Catalogue } from '../catalogue/catalogue.ts'
import { usedCodeBytes } from './code-in-use.ts'
import type { CodeStore } from './code-store.ts'
import { inspectPackage, packageLimits } from './deployment-package.ts'
import type { Documents } from '../catalogue/documents.ts'
import { codeErrors } from '../function/errors.ts'
import type { FunctionCode, ReferencedObject } from '../function/function.ts'
import { imageCode } from './image.ts'
import type { ImageSource } from './image-source.ts'
import type { ObjectReference, ObjectSource } from './object-source.ts'

/** The code in a request: one of these. */
export interface CodeRequest {
  readonly zip?: Buffer | undefined
  /** A package that was not part of the request, and may be as large as one in a bucket. */
  readonly fetched?: Buffer | undefined
  readonly object?: ObjectReference | undefined
  /** Whether the code stays that of the object: the storage mode `REFERENCE`. */
  readonly isReference?: boolean | undefined
  readonly imageUri?: string | undefined
  readonly sourceKmsKeyArn?: string | undefined
}

export interface CodeSourceDependencies {
  readonly catalogue: Pick<Catalogue, 'usage'>
  readonly documents: Pick<Documents, 'list'>
  readonly codeStore: Pick<CodeStore, 'put'>
  /** Absent when no S3 endpoint is configured. */
  readonly objects?: ObjectSource | undefined
  /** Most bytes of packages over all versions of functions and layers. */
  readonly maxCodeBytes: number
  /** Absent if container images are not supported. */
  readonly images?: ImageSource | undefined
}

/** Refuses code that does not fit beside that of all versions of functions and layers (reference 2.3). */
export async function requireCodeStorage(
  dependencies: Pick<CodeSourceDependencies, 'catalogue' | 'documents' | 'maxCodeBytes'>,
  addedBytes: number,
): Promise<void> {
  if (addedBytes <= 0) return
  if ((await usedCodeBytes(dependencies)) + addedBytes > dependencies.maxCodeBytes) throw codeErrors.storageExceeded()
}

/** Code that was checked but not stored yet; an image is stored by its registry. */
export interface CheckedCode {
  readonly code: FunctionCode
  readonly zip?: Buffer
}

/** Fetches and checks the code of a request without storing it. Images may exist for several architectures. */
export async function checkCode(
  dependencies: CodeSourceDependencies,
  request: CodeRequest,
  [architecture = 'x86_64']: readonly string[] = [],
): Promise<CheckedCode> {
  const { imageUri } = request
  if (imageUri !== undefined) return { code: await imageCode(imageUri, architecture, dependencies.images) }
  const { zip, object } = await packageOf(dependencies, request)
  // Only packages inside a request are limited to 50 MB zipped.
  const limits = request.zip === undefined ? { zippedBytes: packageLimits.unzippedBytes } : {}
  const { sha256, sizeBytes, unzippedBytes } = await inspectPackage(zip, limits)
  const { sourceKmsKeyArn } = request
  const facts = { sha256, sizeBytes, unzippedBytes }
  return { code: { ...facts, ...(sourceKmsKeyArn && { sourceKmsKeyArn }), ...(object && { object }) }, zip }
}

/** Stores code durably. A function or layer may refer to it once this has resolved. */
export async function storeCode(
  { codeStore }: Pick<CodeSourceDependencies, 'codeStore'>,
  { code, zip }: CheckedCode,
): Promise<FunctionCode> {
  if (zip !== undefined) await codeStore.put(code.sha256, zip)
  return code
}

interface GivenPackage {
  readonly zip: Buffer
  readonly object?: ReferencedObject
}

async function packageOf(
  { objects }: CodeSourceDependencies,
  { zip, fetched, object, isReference = false }: CodeRequest,
): Promise<GivenPackage> {
  const given = zip ?? fetched
  if (given !== undefined) return { zip: given }
  if (object === undefined) throw codeErrors.noSource()
  if (objects === undefined) throw codeErrors.objectsNotSupported()
  const found = await objects.fetch(object)
  if (!isReference) return { zip: found.zip }
  if (found.version === undefined) throw codeErrors.notVersioned(object.bucket)
  return { zip: found.zip, object: { bucket: object.bucket, key: object.key, version: found.version } }
}
