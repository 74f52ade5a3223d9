import { functionArn, type Home } from '../../functions/function/arn.ts'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import { codeSigningErrors, codeSigningKey, functionsWith, touchConfig } from '../../functions/code/code-signing.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { parseUnqualifiedName } from '../../functions/function/name.ts'
import type { FunctionRecord } from '../../functions/function/function.ts'
import type { Lifecycle } from '../../functions/lifecycle.ts'
import type { Handlers } from '../http/handler.ts'
import { keyBefore, pageLimit, pageOf, type PageMembers } from '../http/page.ts'

export interface FunctionCodeSigningDependencies extends Home {
  readonly catalogue: Pick<Catalogue, 'list'>
  readonly documents: Documents
  readonly lifecycle: Pick<Lifecycle, 'read' | 'change'>
}

interface FunctionMembers {
  readonly FunctionName: string
}

interface ConfigMembers {
  readonly CodeSigningConfigArn: string
}

/** The code signing configurations of functions (reference 2.11). */
export function functionCodeSigningRoutes(dependencies: FunctionCodeSigningDependencies): Handlers {
  const { catalogue, documents, lifecycle } = dependencies
  const nameIn = ({ FunctionName }: FunctionMembers) => parseUnqualifiedName(FunctionName, dependencies)
  const exists = async (arn: string) => (await documents.find(codeSigningKey(dependencies, arn))) !== undefined
  const set = (name: string, arn: string | undefined) =>
    lifecycle.change(name, (record) => ({ record: withConfig(record, arn) }))

  return {
    async PutFunctionCodeSigningConfig(input: FunctionMembers & ConfigMembers) {
      const [name, arn] = [nameIn(input), input.CodeSigningConfigArn]
      await lifecycle.read(name)
      if (!(await exists(arn))) throw codeSigningErrors.notFound(arn)
      await set(name, arn)
      if (!(await touchConfig(dependencies, arn))) {
        await set(name, undefined)
        throw codeSigningErrors.notFound(arn)
      }
      return { CodeSigningConfigArn: arn, FunctionName: name }
    },

    async GetFunctionCodeSigningConfig(input: FunctionMembers) {
      const { name, codeSigningConfigArn: arn } = await lifecycle.read(nameIn(input))
      return arn === undefined ? {} : { CodeSigningConfigArn: arn, FunctionName: name }
    },

    async DeleteFunctionCodeSigningConfig(input: FunctionMembers) {
      await set(nameIn(input), undefined)
      return {}
    },

    async ListFunctionsByCodeSigningConfig(input: ConfigMembers & PageMembers) {
      const [arn, limit] = [input.CodeSigningConfigArn, pageLimit(input)]
      if (!(await exists(arn))) throw codeSigningErrors.unknown(arn)
      const names: string[] = []
      for await (const name of functionsWith(catalogue, arn, keyBefore(input))) if (names.push(name) > limit) break
      const { items, nextMarker } = pageOf(names, limit, (name) => name)
      return { FunctionArns: items.map((name) => functionArn(dependencies, name)), NextMarker: nextMarker }
    },
  }
}

function withConfig(record: FunctionRecord, arn: string | undefined): FunctionRecord {
  if (record.codeSigningConfigArn === arn) return record
  const { codeSigningConfigArn: _before, ...rest } = record
  return arn === undefined ? rest : { ...rest, codeSigningConfigArn: arn }
}
