import { functionArn, type Home } from '../functions/arn.ts'
import { accountErrors, nameErrors } from '../functions/function-errors.ts'
import { parseFunctionName } from '../functions/function-name.ts'
import type { FunctionRecord } from '../functions/function.ts'
import type { Lifecycle } from '../functions/lifecycle.ts'
import { requireSettled } from '../functions/record-change.ts'
import { addTags, removeTags } from '../functions/tags.ts'
import type { Handlers } from './handler.ts'

export interface TagRoutesDependencies extends Home {
  readonly lifecycle: Pick<Lifecycle, 'read' | 'change'>
  readonly newId: () => string
}

type Tags = FunctionRecord['tags']

interface ResourceMembers {
  readonly Resource: string
}

/** Tags of functions; the other kinds of resources do not exist here. */
export function tagRoutes(dependencies: TagRoutesDependencies): Handlers {
  const { lifecycle, newId } = dependencies

  const changeTags = async (input: ResourceMembers, rule: (tags: Tags) => Tags) => {
    const name = functionIn(input, dependencies)
    await lifecycle.change(name, (record) => {
      requireSettled(record.latest, functionArn(dependencies, name))
      return { record: { ...record, tags: rule(record.tags), latest: { ...record.latest, revisionId: newId() } } }
    })
    return {}
  }

  return {
    ListTags: async (input: ResourceMembers) => ({
      Tags: (await lifecycle.read(functionIn(input, dependencies))).tags,
    }),
    TagResource: (input: ResourceMembers & { readonly Tags: Tags }) =>
      changeTags(input, (tags) => addTags(tags, input.Tags)),
    UntagResource: (input: ResourceMembers & { readonly TagKeys: readonly string[] }) =>
      changeTags(input, (tags) => removeTags(tags, input.TagKeys)),
  }
}

function functionIn({ Resource: arn }: ResourceMembers, home: Home): string {
  if (arn.split(':')[5] !== 'function') throw nameErrors.resourceNotFound()
  const { name, qualifier } = parseFunctionName(arn, undefined, home)
  if (qualifier !== undefined) throw accountErrors.tagsOnFunctionsOnly()
  return name
}
