import { LambdaError, kinds } from '../../errors.ts'
import { functionArn, type Home } from '../../functions/function/arn.ts'
import { codeSigningErrors } from '../../functions/code/code-signing.ts'
import { changeDocument } from '../../functions/catalogue/document-change.ts'
import type { DocumentKind, Documents } from '../../functions/catalogue/documents.ts'
import { accountErrors, nameErrors } from '../../functions/function/errors.ts'
import { parseFunctionName } from '../../functions/function/name.ts'
import type { FunctionRecord } from '../../functions/function/function.ts'
import type { Lifecycle } from '../../functions/lifecycle.ts'
import { requireNoUpdateInProgress } from '../../functions/catalogue/record-change.ts'
import { addTags, removeTags } from '../../functions/settings/tags.ts'
import type { Handlers } from '../http/handler.ts'

export interface TagRoutesDependencies extends Home {
  readonly documents: Documents
  readonly lifecycle: Pick<Lifecycle, 'read' | 'change'>
  readonly newId: () => string
}

type Tags = FunctionRecord['tags']

/** A kind of document with a member `tags`. Its ARN names the kind as the document does, and then the id. */
const taggedKinds: Partial<Record<DocumentKind, (arn: string) => LambdaError>> = {
  'capacity-provider': (arn) => notFound(`Capacity provider not found: ${arn}`),
  'code-signing-config': codeSigningErrors.unknown,
  'event-source-mapping': (arn) => notFound(`Event source mapping not found: ${arn}`),
}

interface ResourceMembers {
  readonly Resource: string
}

/** The tags of one resource, read and changed. */
interface TaggedResource {
  read(): Promise<Tags>
  change(rule: (tags: Tags) => Tags): Promise<unknown>
}

/** Tags of functions, and of documents that have tags (reference 2.10). */
export function tagRoutes(dependencies: TagRoutesDependencies): Handlers {
  const resourceIn = ({ Resource: arn }: ResourceMembers) =>
    arn.split(':')[5] === 'function' ? functionTags(dependencies, arn) : documentTags(dependencies, arn)

  return {
    ListTags: async (input: ResourceMembers) => ({ Tags: await resourceIn(input).read() }),

    async TagResource(input: ResourceMembers & { readonly Tags: Tags }) {
      await resourceIn(input).change((tags) => addTags(tags, input.Tags))
      return {}
    },

    async UntagResource(input: ResourceMembers & { readonly TagKeys: readonly string[] }) {
      await resourceIn(input).change((tags) => removeTags(tags, input.TagKeys))
      return {}
    },
  }
}

function functionTags({ lifecycle, newId, ...home }: TagRoutesDependencies, arn: string): TaggedResource {
  const { name, qualifier } = parseFunctionName(arn, undefined, home)
  if (qualifier !== undefined) throw accountErrors.tagsOnFunctionsOnly()
  return {
    read: async () => (await lifecycle.read(name)).tags,
    change: (rule) =>
      lifecycle.change(name, (record) => {
        requireNoUpdateInProgress(record.latest, functionArn(home, name))
        return { record: { ...record, tags: rule(record.tags), latest: { ...record.latest, revisionId: newId() } } }
      }),
  }
}

function documentTags({ documents, accountId, region }: TagRoutesDependencies, arn: string): TaggedResource {
  const [, , , itsRegion, itsAccount, kind = '', id = ''] = arn.split(':')
  const missing = Object.hasOwn(taggedKinds, kind) ? taggedKinds[kind as DocumentKind] : undefined
  if (missing === undefined) throw nameErrors.resourceNotFound()
  if (itsAccount !== accountId) throw nameErrors.otherAccount()
  const key = { kind: kind as DocumentKind, id: itsRegion === region ? id : '' }
  return {
    async read() {
      const found = await documents.find<{ readonly tags: Tags }>(key)
      if (found === undefined) throw missing(arn)
      return found.value.tags
    },
    change: (rule) =>
      changeDocument<{ readonly tags: Tags }>(documents, key, (current) => {
        if (current === undefined) throw missing(arn)
        return { ...current, tags: rule(current.tags) }
      }),
  }
}

function notFound(message: string): LambdaError {
  return new LambdaError(kinds.resourceNotFound, message)
}
