/** Writes the support table into docs/compatibility.md. Run: npm run support */
import { readFileSync, writeFileSync } from 'node:fs'
import { withSupportTable } from './support-table.ts'

const page = new URL('../../../docs/compatibility.md', import.meta.url)
writeFileSync(page, withSupportTable(readFileSync(page, 'utf8')))
