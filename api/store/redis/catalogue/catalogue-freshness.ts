import type { CatalogueCache } from './catalogue-cache.ts'
import type { ChannelListener } from '../connection/subscription.ts'

/** Knows whether the cache may be trusted. */
export interface CatalogueFreshness {
  /** Whether every change of another replica is told to this one. */
  isCurrent(): boolean
  /** Whether Redis answered the last check. */
  isReachable(): boolean
  readonly listener: ChannelListener
  /** Compares what was told with what happened; called regularly. */
  check(): Promise<void>
}

export interface FreshnessParts {
  readonly cache: CatalogueCache
  /** The newest revision of any function, as Redis has it. */
  readonly newestRevision: () => Promise<number>
  /** Called when the subscription does not deliver. */
  readonly renewSubscription: () => void
  readonly onChange: (change: { name: string; replica: string }) => void
  /** Changes may have been missed, and are heard again. */
  readonly onMissed: () => void
}

/**
 * Each change has the revision after the one before it, so a gap shows that messages were missed, and a revision in Redis that
 * nobody told of for a whole round shows that they do not arrive. Either way all that is known is read again, and who
 * follows changes is told that there may be some which it did not hear of.
 */
export function createCatalogueFreshness(parts: FreshnessParts): CatalogueFreshness {
  const { cache } = parts
  const state = { isSubscribed: false, isCurrent: false, isReachable: true, seen: 0, owed: 0 }

  const distrust = (): void => {
    state.isCurrent = false
    state.seen = 0
  }
  const trustFrom = (revision: number): void => {
    cache.distrust()
    Object.assign(state, { isCurrent: true, seen: Math.max(state.seen, revision), owed: 0 })
    parts.onMissed()
  }
  const compare = (revision: number, seenBefore: number): void => {
    if (!state.isCurrent) trustFrom(revision)
    else if (revision < seenBefore || state.owed > state.seen) {
      distrust()
      cache.distrust()
      parts.renewSubscription()
    } else state.owed = revision
  }
  const onMessage = (text: string): void => {
    const [revision = '', replica = '', name = ''] = text.split(' ')
    const isGap = state.isCurrent && Number(revision) > state.seen + 1
    if (isGap) cache.distrust()
    state.seen = Math.max(state.seen, Number(revision))
    cache.forget(name)
    parts.onChange({ name, replica })
    if (isGap) parts.onMissed()
  }
  const check = async (): Promise<void> => {
    const [seenBefore, wasSubscribed] = [state.seen, state.isSubscribed]
    try {
      const revision = await parts.newestRevision()
      state.isReachable = true
      if (wasSubscribed && state.isSubscribed) compare(revision, seenBefore)
    } catch {
      state.isReachable = false
      distrust()
    }
  }
  return {
    isCurrent: () => state.isCurrent,
    isReachable: () => state.isReachable,
    check,
    listener: {
      onMessage,
      onUp: () => {
        distrust()
        state.isSubscribed = true
        void check()
      },
      onDown: () => {
        distrust()
        state.isSubscribed = false
      },
    },
  }
}
