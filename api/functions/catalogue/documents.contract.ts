import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { DocumentPage, Documents } from './documents.ts'

/** Documents under test, and how to reopen them as after a restart. */
export interface OpenedDocuments {
  readonly documents: Documents
  /** Closes this one and opens another one on the same data. */
  reopen(): Promise<Documents>
  close(): Promise<void>
}

/** Tests an implementation of documents against the contract; `open` returns an empty one. */
export function describeDocuments(name: string, open: () => Promise<OpenedDocuments>): void {
  describe(`${name} as documents`, () => {
    const key = { kind: 'layer-version', id: 'a/1' } as const
    let opened: OpenedDocuments
    let documents: Documents
    beforeEach(async () => {
      opened = await open()
      documents = opened.documents
    })
    afterEach(() => opened.close())

    test('finds what was saved, as it was saved, also after an end and a new start', async () => {
      const value = { text: 'größe "quoted" \u0000 😀', list: [1, 0.5, null], nested: { empty: {}, none: [] } }
      expect(await documents.save(key, value, 0)).toBe(true)
      expect((await documents.find(key))?.value).toEqual(value)
      expect((await (await opened.reopen()).find(key))?.value).toEqual(value)
    })

    test('kinds and ids do not share documents', async () => {
      await documents.save(key, { a: 1 }, 0)
      expect(await documents.find({ ...key, kind: 'layer' })).toBeUndefined()
      expect(await documents.find({ ...key, id: 'a/10' })).toBeUndefined()
    })

    test('creates a document once', async () => {
      expect(await Promise.all([documents.save(key, { a: 1 }, 0), documents.save(key, { a: 2 }, 0)])).toEqual([
        true,
        false,
      ])
      expect((await documents.find(key))?.value).toEqual({ a: 1 })
    })

    test('takes one of two changes computed from the same revision', async () => {
      await documents.save(key, { a: 1 }, 0)
      const revision = (await documents.find(key))?.revision ?? 0
      expect(await documents.save(key, { a: 2 }, revision)).toBe(true)
      expect(await documents.save(key, { a: 3 }, revision)).toBe(false)
      expect(await documents.remove(key, revision)).toBe(false)
      const found = await documents.find(key)
      expect(found?.value).toEqual({ a: 2 })
      expect(found?.revision).toBeGreaterThan(revision)
    })

    test('does not take a change computed before the document was removed and made again', async () => {
      await documents.save(key, { a: 1 }, 0)
      const before = (await documents.find(key))?.revision ?? 0
      expect(await documents.remove(key, before)).toBe(true)
      expect(await documents.find(key)).toBeUndefined()
      await documents.save(key, { a: 1 }, 0)
      expect(await documents.save(key, { a: 2 }, before)).toBe(false)
      expect(await documents.remove(key, before)).toBe(false)
    })

    test('lists a kind by id in byte order, page by page, and by prefix', async () => {
      const { kind } = key
      for (const id of ['b/1', 'a/2', 'a/1', 'B', 'a-b', 'aé']) await documents.save({ kind, id }, { id }, 0)
      await documents.save({ kind: 'layer', id: 'a/0' }, {}, 0)
      const ids = async (page: Omit<DocumentPage, 'kind'>) =>
        (await documents.list({ kind, ...page })).map(({ id }) => id)
      expect(await ids({ limit: 10 })).toEqual(['B', 'a-b', 'a/1', 'a/2', 'aé', 'b/1'])
      expect(await ids({ limit: 2, after: 'a-b' })).toEqual(['a/1', 'a/2'])
      expect(await ids({ limit: 10, prefix: 'a/' })).toEqual(['a/1', 'a/2'])
      expect(await ids({ limit: 10, prefix: 'a/', after: 'a/1' })).toEqual(['a/2'])
      expect(await documents.list({ kind, limit: 1 })).toEqual([{ id: 'B', value: { id: 'B' } }])
    })
  })
}
