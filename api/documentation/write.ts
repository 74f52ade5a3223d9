/** Writes the generated parts of docs/. Run: npm run docs */
import { readFileSync, writeFileSync } from 'node:fs'
import { generatedParts, withPart } from './generated.ts'

for (const part of generatedParts) {
  const file = new URL(`../../docs/${part.page}`, import.meta.url)
  writeFileSync(file, withPart(readFileSync(file, 'utf8'), part))
}
