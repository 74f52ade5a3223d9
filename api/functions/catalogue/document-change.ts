import type { DocumentKey, Documents } from './documents.ts'
import { conflicts } from '../function/errors.ts'

const attempts = 50

/**
 * Saves the document returned by `rule`, or removes it if that is undefined. On a conflict the rule is applied again. A rule
 * that returns its argument changes nothing.
 */
export async function changeDocument<Value extends object>(
  documents: Documents,
  key: DocumentKey,
  rule: (current: Value | undefined) => Value | undefined,
): Promise<Value | undefined> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const stored = await documents.find<Value>(key)
    const next = rule(stored?.value)
    if (next === stored?.value) return next
    const revision = stored?.revision ?? 0
    const isDone = await (next === undefined ? documents.remove(key, revision) : documents.save(key, next, revision))
    if (isDone) return next
  }
  throw conflicts.updateInProgress(key.id)
}

const pageSize = 200

/** Iterates over the documents of a kind whose id starts with the prefix, by id, page by page. */
// The caller specifies the type, as with `list`.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export async function* eachDocument<Value>(
  documents: Pick<Documents, 'list'>,
  { kind, prefix = '', after: start }: { kind: DocumentKey['kind']; prefix?: string; after?: string | undefined },
): AsyncGenerator<{ readonly id: string; readonly value: Value }, void, undefined> {
  let after = start
  for (;;) {
    const page = await documents.list<Value>({
      kind,
      prefix,
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    })
    yield* page
    after = page.at(-1)?.id
    if (page.length < pageSize) return
  }
}
