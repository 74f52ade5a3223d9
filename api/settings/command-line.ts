import { Command, CommanderError, Option } from 'commander'
import { version } from '../version.ts'
import { gatherSettings, type GivenSettings } from './given-settings.ts'
import { SettingsError } from './readers.ts'
import { keyOf, settingRows, type SettingName } from './table.ts'

/** The result of the command line: settings for a server, or only a text to print. */
export type Asked = { readonly settings: GivenSettings } | { readonly text: string }

const examples = `
Examples:
  npm start
  npm start -- --port 9005 --data /var/lib/kubelambda
  npm start -- --config kubelambda.yaml
  KUBELAMBDA_PORT=9005 npm start

Every setting is an option (--redis-url), a variable (KUBELAMBDA_REDIS_URL) and a key of the settings file (redis-url).
An option stands before the variable, the variable before the file. docs/configuration.md describes all of them.
`

/** Reads options, variables and the settings file. Invalid input is a `SettingsError` of one line. */
export function readCommandLine(args: readonly string[], variables: NodeJS.ProcessEnv): Asked {
  let text = ''
  const command = program((written) => (text += written))
  try {
    command.parse([...args], { from: 'user' })
  } catch (fault) {
    if (!(fault instanceof CommanderError)) throw fault
    if (fault.exitCode === 0) return { text }
    const message = fault.message
      .replace(/^error: /, '')
      .replace(/\n\((.*)\)$/, '. $1')
      .replace(/[^.?]$/, '$&.')
    throw new SettingsError(`${message} See --help.`)
  }
  const { config, ...others } = command.opts<Record<string, string | undefined>>()
  const given = new Map(Object.entries(others))
  const options = new Map<SettingName, string>()
  for (const [name] of settingRows) {
    const value = given.get(attributeOf(name))
    if (value !== undefined) options.set(name, value)
  }
  return { settings: gatherSettings(options, config, variables) }
}

function program(write: (text: string) => void): Command {
  const command = new Command('kubelambda')
    .description('Serves the AWS Lambda API.')
    .usage('[options]')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--config <file>', 'YAML file of settings (default: kubelambda.yaml, where it exists)')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: write,
      writeErr: () => undefined,
      getOutHelpWidth: () => (process.stdout.isTTY ? process.stdout.columns : 100),
    })
    .addHelpText('after', examples)
  for (const [name, { value, meaning, fallback, isCommon }] of settingRows) {
    const plain = meaning.replaceAll('`', '')
    const option = new Option(
      `--${keyOf(name)} ${value}`,
      fallback === undefined ? plain : `${plain} (default: ${fallback})`,
    )
    command.addOption(option.hideHelp(isCommon !== true))
  }
  return command
}

/** The name under which Commander keeps the value of an option. */
function attributeOf(name: SettingName): string {
  return keyOf(name).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
