import { parseArgs } from 'node:util'

export const measurements = ['warm', 'idle', 'cold', 'burst', 'events', 'waiting', 'queues', 'catalogue'] as const
export type Measurement = (typeof measurements)[number]

/** The parsed command line. */
export interface Options {
  readonly only: readonly Measurement[]
  /** Share of the usual number of samples. */
  readonly effort: number
  /** Number of functions in the large catalogue. */
  readonly functionCount: number
  /** Number of waiting events. */
  readonly eventCount: number
  readonly write: boolean
  readonly profileFolder?: string
  readonly other?: { readonly endpoint: string; readonly functionName: string }
  /** A server on a cluster, and the image of the bare echo there. */
  readonly cluster?: { readonly origin: string; readonly image: string }
}

/** Parses the command line; throws an `Error` that says how to correct it. */
export function readOptions(words: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...words],
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      profile: { type: 'string' },
      endpoint: { type: 'string' },
      function: { type: 'string' },
      service: { type: 'string' },
      image: { type: 'string', default: 'kubelambda/server:latest' },
    },
  })
  if ((values.endpoint === undefined) !== (values.function === undefined)) {
    throw new Error('Give --endpoint URL and --function NAME together.')
  }
  const many = values.full ? 10_000 : 2000
  const events = values.full ? 1_000_000 : 100_000
  return {
    only: values.only === undefined ? measurements : values.only.split(',').map(readMeasurement),
    effort: values.quick ? 0.2 : 1,
    functionCount: values.quick ? 200 : many,
    eventCount: values.quick ? 10_000 : events,
    write: values.write,
    ...(values.profile === undefined ? {} : { profileFolder: values.profile }),
    ...(values.service === undefined ? {} : { cluster: { origin: values.service, image: values.image } }),
    ...(values.endpoint === undefined || values.function === undefined
      ? {}
      : { other: { endpoint: values.endpoint, functionName: values.function } }),
  }
}

function readMeasurement(word: string): Measurement {
  const found = measurements.find((measurement) => measurement === word)
  if (found === undefined) throw new Error(`--only takes ${measurements.join(', ')}, separated by commas; not ${word}.`)
  return found
}
