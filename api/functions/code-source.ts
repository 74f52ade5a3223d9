import type { Catalogue } from './catalogue.ts'
import type { CodeStore } from './code-store.ts'
import { inspectPackage, packageLimits } from './deployment-package.ts'
import { codeErrors } from './function-errors.ts'
import type { FunctionCode } from './function.ts'
import type { ObjectReference, ObjectSource } from './object-source.ts'

/** What a caller sends as code: one of these. */
export interface CodeRequest {
  readonly zip?: Buffer | undefined
  readonly object?: ObjectReference | undefined
  readonly imageUri?: string | undefined
}

export interface CodeSourceDependencies {
  readonly catalogue: Pick<Catalogue, 'usage'>
  readonly codeStore: Pick<CodeStore, 'put'>
  /** Absent when no S3 endpoint is configured. */
  readonly objects?: ObjectSource | undefined
}

/** Bytes that the code of all versions of an account may take on AWS. */
export const accountCodeBytes = 80_530_636_800

/** A package that was checked, and not kept yet. */
export interface CheckedCode {
  readonly code: FunctionCode
  readonly zip: Buffer
}

/** Fetches and checks the package of a request; changes nothing. */
export async function checkCode(dependencies: CodeSourceDependencies, request: CodeRequest): Promise<CheckedCode> {
  const zip = await packageOf(dependencies, request)
  // Only packages inside a request are held to 50 MB zipped.
  const limits = request.zip === undefined ? { zippedBytes: packageLimits.unzippedBytes } : {}
  const { sha256, sizeBytes } = await inspectPackage(zip, limits)
  const { codeBytes } = await dependencies.catalogue.usage()
  if (codeBytes + sizeBytes > accountCodeBytes) throw codeErrors.storageExceeded()
  return { code: { sha256, sizeBytes }, zip }
}

/** Keeps a package for good; a function may name it once this has answered. */
export async function keepCode(
  { codeStore }: CodeSourceDependencies,
  { code, zip }: CheckedCode,
): Promise<FunctionCode> {
  await codeStore.put(code.sha256, zip)
  return code
}

async function packageOf({ objects }: CodeSourceDependencies, { zip, object }: CodeRequest): Promise<Buffer> {
  if (zip !== undefined) return zip
  if (object === undefined) throw codeErrors.noSource()
  if (objects === undefined) throw codeErrors.objectsNotSupported()
  return objects.fetch(object)
}
