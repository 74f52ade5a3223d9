import { fakeLedgers } from './permit-ledger.fake.ts'
import { describePlaceLedger } from './permit-ledger.contract.ts'

describePlaceLedger('the fake', () => {
  const { open, die } = fakeLedgers()
  return Promise.resolve({
    open: (listener) => {
      const ledger = open()
      ledger.listen(listener)
      return Promise.resolve(ledger)
    },
    die: (ledger) => {
      die(ledger)
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
  })
})
