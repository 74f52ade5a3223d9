import type { Home } from '../../functions/function/arn.ts'
import { changeDocument, eachDocument } from '../../functions/catalogue/document-change.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import type { EventSourceMapping } from './mapping.ts'
import { firstResult, isUnreachableResult } from './processing-result.ts'
import { polledMapping, type PolledMapping, type PolledMappings } from './poll-settings.ts'

const kind = 'event-source-mapping'

/** The mappings as the poller reads and updates them, stored as documents. A mapping that was deleted is ignored. */
export function createPolledMappings({ documents, ...home }: Home & { readonly documents: Documents }): PolledMappings {
  const change = (id: string, rule: (mapping: EventSourceMapping) => EventSourceMapping) =>
    changeDocument<EventSourceMapping>(documents, { kind, id }, (mapping) => mapping && rule(mapping))
  return {
    async list() {
      const mappings: PolledMapping[] = []
      for await (const { value } of eachDocument<EventSourceMapping>(documents, { kind })) {
        mappings.push(polledMapping(value, home))
      }
      return mappings
    },
    async find(id) {
      const found = await documents.find<EventSourceMapping>({ kind, id })
      return found && polledMapping(found.value, home)
    },
    async completeTransition(uuid, completed) {
      await change(uuid, (mapping) => {
        const { transition, ...rest } = mapping
        return transition === completed ? rest : mapping
      })
    },
    async report(uuid, result) {
      await change(uuid, (mapping) => {
        const { lastProcessingResult, ...rest } = mapping
        if (lastProcessingResult === result) return mapping
        return result === undefined ? rest : { ...rest, lastProcessingResult: result }
      })
    },
    async recover(uuid) {
      await change(uuid, (mapping) => {
        const { lastProcessingResult, ...rest } = mapping
        if (!isUnreachableResult(lastProcessingResult)) return mapping
        const result = firstResult(mapping.source.kind)
        return result === undefined ? rest : { ...rest, lastProcessingResult: result }
      })
    },
  }
}
