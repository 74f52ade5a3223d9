import { existsSync, readFileSync } from 'node:fs'
import { closest, distance } from 'fastest-levenshtein'
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { SettingsError } from './readers.ts'
import { keyOf, settingRows, type SettingName } from './table.ts'

/** The given values, each with its source. */
export type GivenSettings = ReadonlyMap<SettingName, Given>

export interface Given {
  readonly value: string
  /** `--port`, `KUBELAMBDA_PORT` or `port in kubelambda.yaml (line 3)`, for error messages. */
  readonly source: string
}

type Variables = Readonly<Record<string, string | undefined>>

/** The variable that names the settings file. */
const fileVariable = 'KUBELAMBDA_CONFIG'

/** The settings file that is read by default, if the working folder has it. */
const usualFile = 'kubelambda.yaml'

/**
 * Collects the settings. Options override variables, and variables override the file. An unknown name is a
 * `SettingsError` that suggests the nearest one.
 */
export function gatherSettings(
  options: ReadonlyMap<SettingName, string>,
  file: string | undefined,
  variables: Variables,
): GivenSettings {
  const path = file ?? (variables[fileVariable] === '' ? undefined : variables[fileVariable])
  const given = new Map<SettingName, Given>(readFile(path))
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined || value === '' || !name.startsWith('KUBELAMBDA_') || name === fileVariable) continue
    if (!isSetting(name)) throw new SettingsError(`${name} is not a setting.${suggestion(name, variableNames)}`)
    given.set(name, { value, source: name })
  }
  for (const [name, value] of options) given.set(name, { value, source: `--${keyOf(name)}` })
  return given
}

const names = new Map(settingRows.map(([name]) => [keyOf(name), name]))
const variableNames = [...names.values(), fileVariable]

function isSetting(name: string): name is SettingName {
  return names.get(name.slice('KUBELAMBDA_'.length).toLowerCase().replaceAll('_', '-')) === name
}

function suggestion(name: string, known: readonly string[]): string {
  const nearest = closest(name, known)
  return distance(name, nearest) <= Math.max(3, name.length / 4)
    ? ` Did you mean ${nearest}?`
    : ' docs/configuration.md lists all settings.'
}

function readFile(path: string | undefined): (readonly [SettingName, Given])[] {
  if (path === undefined && !existsSync(usualFile)) return []
  const file = path ?? usualFile
  const lines = new LineCounter()
  const document = parseDocument(textOf(file), { lineCounter: lines, prettyErrors: false })
  const [fault] = document.errors
  const at = (offset: number): string => `line ${String(lines.linePos(offset).line)}`
  if (fault !== undefined) throw new SettingsError(`${file} is not YAML: ${fault.message} (${at(fault.pos[0])}).`)
  const { contents } = document
  if (contents === null) return []
  if (!isMap(contents)) throw new SettingsError(`${file} must hold one setting a line, such as "port: 9000".`)
  return contents.items.map(({ key, value }) => {
    const source = `${String(key)} in ${file} (${at(key.range[0])})`
    const name = names.get(String(key))
    if (name === undefined) {
      throw new SettingsError(`${source} is not a setting.${suggestion(String(key), [...names.keys()])}`)
    }
    if (!isScalar(value)) throw new SettingsError(`${source} must have one value.`)
    // The text as written: an account id keeps its leading zeros.
    return [name, { value: value.source, source }] as const
  })
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SettingsError(`The settings file ${file} cannot be read: ${(cause as Error).message}.`, { cause })
  }
}
