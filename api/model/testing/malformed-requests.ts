import { oddBodies, oddHeaders, oddLabels, oddQueries, oddTexts, oddValues } from './odd-values.ts'
import { operations } from '../operations.ts'
import { randomSource } from './random-source.ts'
import type { RandomSource } from './random-source.ts'
import { copyOf, draftOf, render } from './request-draft.ts'
import type { Draft, MalformedRequest } from './request-draft.ts'

type Fault = (draft: Draft, random: RandomSource) => void

/** `count` malformed requests from the model, the same for the same seed. Some are valid by chance. */
export function* malformedRequests(seed: number, count: number): Generator<MalformedRequest> {
  const random = randomSource(seed)
  const drafts = operations.map(draftOf)
  const names = [...Object.keys(faults), ...often, ...often]
  for (let made = 0; made < count; made++) {
    const draft = copyOf(random.pick(drafts))
    const done: string[] = []
    const wanted = 1 + random.below(2)
    while (done.length < wanted) {
      const name = random.pick(names)
      if (isChanged(draft, () => faults[name]?.(draft, random))) done.push(name)
    }
    yield render(draft, done.join(' and '))
  }
}

/** Faults of bodies do not change a request without a body. */
function isChanged(draft: Draft, change: () => void): boolean {
  const before = render(draft, '')
  change()
  const after = render(draft, '')
  const isSameBody = before.body.equals(after.body)
  return !isSameBody || JSON.stringify({ ...before, body: '' }) !== JSON.stringify({ ...after, body: '' })
}

const faults: Readonly<Record<string, Fault>> = {
  'a cut body': (draft, random) => {
    const text = bytesOf(draft)
    draft.body = text.subarray(0, random.below(text.length + 1))
  },
  'a flipped byte': (draft, random) => {
    const bytes = Buffer.from(bytesOf(draft))
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256)
    draft.body = bytes
  },
  'an odd body': (draft, random) => {
    draft.body = random.pick(oddBodies)()
  },
  'a wrong value': (draft, random) => {
    place(draft, random, (holder, key) => (holder[key] = random.pick(oddValues)()))
  },
  'an odd text': (draft, random) => {
    place(draft, random, (holder, key) => (holder[key] = random.pick(oddTexts)))
  },
  'a missing member': (draft, random) => {
    place(draft, random, (holder, key) => Reflect.deleteProperty(holder, key))
  },
  'an unknown member': (draft, random) => {
    place(draft, random, (holder) => (holder[random.pick(oddTexts)] = random.pick(oddValues)()))
  },
  'an odd label': (draft, random) => {
    const [label] = Object.keys(draft.labels)
    const odd = random.below(2) === 0 ? random.pick(oddLabels) : encoded(random.pick(oddTexts))
    if (label !== undefined) draft.labels[label] = odd
  },
  'an odd query': (draft, random) => {
    draft.query.push(random.pick(oddQueries))
  },
  'a query of odd values': (draft, random) => {
    draft.query = draft.query.map((pair) => `${pair.split('=')[0] ?? ''}=${encoded(random.pick(oddTexts))}`)
  },
  'a query sent twice': (draft) => {
    draft.query = [...draft.query, ...draft.query]
  },
  'no query': (draft) => {
    draft.query = []
  },
  'an odd header': (draft, random) => {
    const [name, value] = random.pick(oddHeaders)
    for (const known of Object.keys(draft.headers))
      if (known.toLowerCase() === name) Reflect.deleteProperty(draft.headers, known)
    draft.headers[name] = value
  },
  'another method': (draft, random) => {
    draft.method = random.pick(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])
  },
  'a longer path': (draft, random) => {
    draft.suffix = random.pick(['/', '//', '/x', '/..', '/%2F', '/policy', '%20', ';a=b'])
  },
}

/** The faults that find most errors; the others change the path or are often harmless. */
const often = [
  'a wrong value',
  'an odd text',
  'a missing member',
  'an odd body',
  'an odd label',
  'a query of odd values',
]

/** Changes one member somewhere in the JSON body. */
function place(
  draft: Draft,
  random: RandomSource,
  change: (holder: Record<string, unknown>, key: string) => unknown,
): void {
  if (Buffer.isBuffer(draft.body)) return
  let holder = draft.body
  for (;;) {
    const keys = Object.keys(holder)
    if (keys.length === 0) return
    const key = random.pick(keys)
    const inner = holder[key]
    const isDeeper = typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0 && random.below(3) > 0
    if (!isDeeper) {
      change(holder, key)
      return
    }
    holder = inner as Record<string, unknown>
  }
}

function bytesOf(draft: Draft): Buffer {
  return Buffer.isBuffer(draft.body) ? draft.body : Buffer.from(JSON.stringify(draft.body))
}

/** Lone surrogates have no escape. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
