import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { generatedParts, withPart } from './generated.ts'

test.each(generatedParts)('docs/$page holds the $name as `npm run docs` writes them', (part) => {
  const page = readFileSync(new URL(`../../docs/${part.page}`, import.meta.url), 'utf8')
  expect(page).toBe(withPart(page, part))
})
