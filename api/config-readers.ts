/** A setting that cannot be used; the message is one line that names it. */
export class ConfigError extends Error {}

/** Reads text that a pattern allows. */
export function text(fallback: string | undefined, allowed: RegExp, rule: string) {
  return (name: string, given: string | undefined): string | undefined => {
    if (given === undefined || given === '') return fallback
    if (!allowed.test(given)) throw new ConfigError(`${name} ${rule}, not ${JSON.stringify(given)}.`)
    return given
  }
}

/** As `text`, but what was given is not repeated: it may hold a password. */
export function secret(allowed: RegExp, rule: string) {
  return (name: string, given: string | undefined): string | undefined => {
    if (given === undefined || given === '') return undefined
    if (!allowed.test(given)) throw new ConfigError(`${name} ${rule}.`)
    return given
  }
}

/** Reads a whole number within limits. */
export function wholeNumber(fallback: number, least: number, most: number) {
  return (name: string, given: string | undefined): number => {
    if (given === undefined || given === '') return fallback
    const value = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN
    if (value >= least && value <= most) return value
    const range = `${String(least)} to ${String(most)}`
    throw new ConfigError(`${name} must be a whole number from ${range}, not ${JSON.stringify(given)}.`)
  }
}
