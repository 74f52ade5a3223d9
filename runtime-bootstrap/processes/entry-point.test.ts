import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { findEntryPoint } from './entry-point.ts'
import type { Assignment } from '../protocol/protocol.ts'

const folder = mkdtempSync(join(tmpdir(), 'entry-point-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, mode: number): string {
  const path = join(folder, name)
  writeFileSync(path, '#!/bin/sh\nexec "$@"\n')
  chmodSync(path, mode)
  return path
}

function find(command: readonly string[], wrapper: string, more: Partial<Assignment> = {}) {
  const assignment = { command, codeFolder: folder, variables: { AWS_LAMBDA_EXEC_WRAPPER: wrapper }, ...more }
  return findEntryPoint(assignment as Assignment)
}

describe('a wrapper script', () => {
  const wrapper = file('wrap', 0o755)

  test('precedes a runtime that the supervisor starts itself', () => {
    expect(find(['node', 'index.mjs'], wrapper)).toEqual({ command: [wrapper, 'node', 'index.mjs'] })
    expect(find(['node', 'index.mjs'], '')).toEqual({ command: ['node', 'index.mjs'] })
  })

  test('that is missing or not executable exits with the codes of a shell', () => {
    expect(find(['node'], join(folder, 'nothing'))).toEqual({ exitCode: 127 })
    expect(find(['node'], file('closed', 0o644))).toEqual({ exitCode: 126 })
  })

  test("is left to the bootstrap of a runtime's image, which puts it in front of the interpreter", () => {
    const command = ['/var/runtime/bootstrap']
    expect(find(command, wrapper)).toEqual({ command })
    expect(find(command, join(folder, 'nothing'))).toEqual({ command })
  })

  test('is not used by functions that are images', () => {
    const command = ['/lambda-entrypoint.sh', 'app.handler']
    expect(find(command, wrapper, { isImage: true })).toEqual({ command })
  })
})
