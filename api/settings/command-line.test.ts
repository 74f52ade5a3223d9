import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { version } from '../version.ts'
import { readCommandLine } from './command-line.ts'
import { SettingsError } from './readers.ts'
import { readSettings, type Settings } from './settings.ts'
import { keyOf, settingRows } from './table.ts'

const folder = mkdtempSync(join(tmpdir(), 'kubelambda-settings-'))
afterAll(() => rmSync(folder, { recursive: true }))

function fileOf(text: string): string {
  const file = join(folder, 'kubelambda.yaml')
  writeFileSync(file, text)
  return file
}

function read(args: string[], variables: Record<string, string> = {}): Settings {
  const asked = readCommandLine(args, variables)
  if ('text' in asked) throw new Error(asked.text)
  return readSettings(asked.settings)
}

function faultOf(act: () => unknown): string {
  try {
    act()
  } catch (fault) {
    if (fault instanceof SettingsError) return fault.message
    throw fault
  }
  throw new Error('nothing was refused')
}

describe('command line', () => {
  test.each(settingRows)('%s has an option, and a key in the file, that are checked in the same way', (name) => {
    const bad = '\u0007 \u0007'
    const asked = [
      () => read([`--${keyOf(name)}`, bad]),
      () => read([], { [name]: bad }),
      () => read(['--config', fileOf(`${keyOf(name)}: ${JSON.stringify(bad)}\n`)]),
    ]
    const sources = [`--${keyOf(name)}`, name, `${keyOf(name)} in ${join(folder, 'kubelambda.yaml')} (line 1)`]
    // Any text is a file's or folder's name.
    const isFreeText = /_(FILE|DATA|KUBECONFIG|REGISTRY_CREDENTIALS)$/.test(name)
    if (isFreeText) for (const ask of asked) expect(ask).not.toThrow()
    else
      expect(asked.map((ask) => faultOf(ask).startsWith(`${sources[asked.indexOf(ask)] ?? ''} must`))).toEqual([
        true,
        true,
        true,
      ])
  })

  test('an option stands before a variable, a variable before the file', () => {
    const file = fileOf('port: 9001\naccount-id: 000000000012\nregion: eu-west-1\n')
    const variables = { KUBELAMBDA_PORT: '9002', KUBELAMBDA_ACCOUNT_ID: '111111111111', KUBELAMBDA_CONFIG: file }
    const { port, accountId, region } = read(['--port', '9003'], variables)
    expect({ port, accountId, region }).toEqual({ port: 9003, accountId: '111111111111', region: 'eu-west-1' })
    expect(read(['--config', file]).accountId).toBe('000000000012')
  })

  test('--version and --help print and start nothing', () => {
    expect(readCommandLine(['--version'], {})).toEqual({ text: `${version}\n` })
    const help = readCommandLine(['--help'], {})
    expect('text' in help && help.text).toMatch(/--port <number> +Port to listen on.*\(default:\s+9000\)/)
  })

  test.each([
    [['--prot', '9000'], /^unknown option '--prot'\. Did you mean --port\? See --help\.$/],
    [['--port'], /^option '--port <number>' argument missing. See --help\.$/],
    [['start'], /^too many arguments/],
    [['--port', '80000'], /^--port must be a whole number from 0 to 65535, not "80000"\.$/],
  ])('%j is refused in one line', (args, message) => {
    expect(faultOf(() => read(args))).toMatch(message)
  })

  test.each([
    [{ KUBELAMBDA_PROT: '9000' }, 'KUBELAMBDA_PROT is not a setting. Did you mean KUBELAMBDA_PORT?'],
    [{ KUBELAMBDA_CONFIGS: 'a' }, 'KUBELAMBDA_CONFIGS is not a setting. Did you mean KUBELAMBDA_CONFIG?'],
    [{ kubelambda_port: '9000' }, undefined],
    [{ KUBELAMBDA_SOMETHING_ELSE_ALTOGETHER: '1' }, expect.stringContaining('docs/configuration.md')],
  ])('of variables %j the misspelt one is named', (variables, message) => {
    const asking = () => read([], variables)
    if (message === undefined) expect(asking).not.toThrow()
    else expect(faultOf(asking)).toEqual(message)
  })

  test.each([
    ['prot: 9000', /^prot in \S+ \(line 1\) is not a setting\. Did you mean port\?$/],
    ['port: 9000\nport: 9001', /is not YAML: .*unique.*\(line 2\)/],
    ['port: [9000]', /^port in \S+ \(line 1\) must have one value\.$/],
    ['- port', /must hold one setting a line/],
    ['a: b: c', /is not YAML/],
    ['toString: 1', /^toString in .* is not a setting/],
  ])('a settings file of %j is refused in one line', (text, message) => {
    const fault = faultOf(() => read(['--config', fileOf(text)]))
    expect(fault).toMatch(message)
    expect(fault).not.toContain('\n')
  })

  test('an empty settings file changes nothing, and one that is not there is an error', () => {
    expect(read(['--config', fileOf('# nothing\n')]).port).toBe(9000)
    expect(faultOf(() => read(['--config', join(folder, 'none.yaml')]))).toMatch(
      /^The settings file .*none\.yaml cannot be read/,
    )
  })
})
