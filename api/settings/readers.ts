/** An invalid setting, option or file; the message is one line that names it. */
export class SettingsError extends Error {}

/** Checks one given value; `source` is where the user set it: `KUBELAMBDA_PORT`, `--port`, or `port in kubelambda.yaml`. */
export type Reader<Value> = (source: string, given: string | undefined) => Value

/** Reads text that matches a pattern. */
export function text<Fallback extends string | undefined>(
  fallback: Fallback,
  allowed: RegExp,
  rule: string,
): Reader<string | Fallback> {
  return (source, given) => {
    if (given === undefined || given === '') return fallback
    if (!allowed.test(given)) throw new SettingsError(`${source} ${rule}, not ${JSON.stringify(given)}.`)
    return given
  }
}

/** As `text`, but the message does not repeat the value: it may hold a password. */
export function secret(allowed: RegExp, rule: string): Reader<string | undefined> {
  return (source, given) => {
    if (given === undefined || given === '') return undefined
    if (!allowed.test(given)) throw new SettingsError(`${source} ${rule}.`)
    return given
  }
}

/** Reads a whole number within limits. */
export function wholeNumber(fallback: number, least: number, most: number): Reader<number> {
  return (source, given) => {
    if (given === undefined || given === '') return fallback
    const value = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN
    if (value >= least && value <= most) return value
    const range = `${String(least)} to ${String(most)}`
    throw new SettingsError(`${source} must be a whole number from ${range}, not ${JSON.stringify(given)}.`)
  }
}

/** Reads a host name with its port, with or without a scheme; an address has no names below it. */
export function hostName(): Reader<string | undefined> {
  const form = /^(https?:\/\/)?([a-z0-9-]+\.)*[a-z][a-z0-9-]*(:\d{1,5})?$/
  return (source, given) => {
    if (given === undefined || given === '') return undefined
    if (form.test(given) && URL.canParse(given.includes('://') ? given : `http://${given}`)) return given
    throw new SettingsError(
      `${source} must be a host name such as localhost:9000 or https://example.org, not ${JSON.stringify(given)}.`,
    )
  }
}

/** Reads the address of an AWS service, or `aws` for AWS itself. */
export function serviceEndpoint(): Reader<string | undefined> {
  return text(undefined, /^(aws|https?:\/\/\S+)$/, 'must be an http or https address, or aws')
}
