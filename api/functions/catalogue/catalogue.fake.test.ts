import { describeCatalogue } from './catalogue.contract.ts'
import { fakeCatalogue } from './catalogue.fake.ts'

describeCatalogue('the one in memory', () => {
  const catalogue = fakeCatalogue()
  return Promise.resolve({ catalogue, reopen: async () => catalogue, close: async () => undefined })
})
