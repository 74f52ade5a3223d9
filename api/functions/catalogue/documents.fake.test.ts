import { describeDocuments } from './documents.contract.ts'
import { fakeDocuments } from './documents.fake.ts'

describeDocuments('the fake', () => {
  const documents = fakeDocuments()
  return Promise.resolve({ documents, reopen: () => Promise.resolve(documents), close: () => Promise.resolve() })
})
