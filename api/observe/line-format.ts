export type Level = 'INFO' | 'WARN' | 'ERROR'

/** One line of the server's own log. */
interface OwnLine {
  /** ISO 8601, in UTC. */
  readonly time: string
  readonly level: Level
  readonly message: string
  /** The stack of the error. */
  readonly cause: string | undefined
}

/** Formats log lines. Each function returns whole lines, with a line feed at the end. */
export interface LineFormat {
  own(line: OwnLine): string
  /** Lines that one environment wrote at `time`; `source` is `function[version]environment`, `body` has no line feed at its end. */
  functionLines(time: string, source: string, body: string): string
}

/** The formats that `KUBELAMBDA_LOG_FORMAT` names. */
export const lineFormats: Readonly<Record<'text' | 'json', LineFormat>> = {
  text: {
    own: ({ time, level, message, cause }) => `${time} ${level} ${message}\n${cause === undefined ? '' : `${cause}\n`}`,
    functionLines(time, source, body) {
      const head = `${time} ${source} `
      return `${head}${body.replaceAll('\n', `\n${head}`)}\n`
    },
  },
  json: {
    own: (line) => `${JSON.stringify(line)}\n`,
    functionLines(time, source, body) {
      const [, name = source, version, environment] = /^([^[]*)\[([^\]]*)\](.*)$/.exec(source) ?? []
      const fields = JSON.stringify({ time, function: name, version, environment })
      const head = `${fields.slice(0, -1)},"message":`
      return body
        .split('\n')
        .map((line) => `${head}${JSON.stringify(line)}}\n`)
        .join('')
    },
  },
}
