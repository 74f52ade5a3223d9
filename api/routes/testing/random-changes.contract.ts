import { expect, test } from '@jest/globals'
import type { Catalogue } from '../../functions/catalogue/catalogue.ts'
import type { Documents } from '../../functions/catalogue/documents.ts'
import { startControlPlane, type ControlPlaneHarness } from './control-plane.ts'
import { changeAtRandom, type Expectations } from './random-changes.ts'

/** A store of the control plane, empty at first. */
export interface OpenedStore {
  readonly catalogue: Catalogue
  readonly documents: Documents
  /** Ends this one and answers one opened on the same data. */
  reopen(): Promise<{ readonly catalogue: Catalogue; readonly documents: Documents }>
  close(): Promise<void>
}

/** Tests that reads return what writes returned, also after a restart. */
export function describeRandomChanges(name: string, open: () => Promise<OpenedStore>): void {
  test.each([1, 2, 3])(`over ${name} reads answer what writes answered, whatever their order (%d)`, async (seed) => {
    const opened = await open()
    const expected = await changeAtRandom(startControlPlane(opened), seed, 200)
    expect(expected.size).toBeGreaterThan(10)
    await shows(startControlPlane(opened), expected)
    await shows(startControlPlane(await opened.reopen()), expected)
    await opened.close()
  })
}

async function shows(server: ControlPlaneHarness, expectations: Expectations): Promise<void> {
  for (const [about, { operation, input, shows: wanted }] of expectations) {
    if (wanted === undefined) {
      expect({ about, ...(await server.refusal(operation, input)) }).toMatchObject({ about, status: 404 })
      continue
    }
    const answer = await server.call(operation, input)
    if ('statements' in wanted) {
      const { Statement } = JSON.parse(answer['Policy'] as string) as { Statement: object[] }
      expect({ about, statements: Statement.map((each) => JSON.stringify(each)) }).toEqual({ about, ...wanted })
    } else expect({ about, ...answer }).toMatchObject({ about, ...wanted })
  }
}
