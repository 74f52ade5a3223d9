/** Writes the support table into the README. Run: npm run support */
import { readFileSync, writeFileSync } from 'node:fs'
import { withSupportTable } from './support-table.ts'

const readme = new URL('../../README.md', import.meta.url)
writeFileSync(readme, withSupportTable(readFileSync(readme, 'utf8')))
