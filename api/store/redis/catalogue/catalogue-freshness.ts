import type { CatalogueCache } from './catalogue-cache.ts'
import type { ChannelListener } from '../connection/subscription.ts'

/** Tracks whether the cache is up to date. */
export interface CatalogueFreshness {
  /** Whether this replica is notified of every change by another one. */
  isCurrent(): boolean
  /** Whether Redis responded to the last check. */
  isReachable(): boolean
  readonly listener: ChannelListener
  /** Compares the notifications with the revision in Redis. Called at an interval. */
  check(): Promise<void>
}

export interface FreshnessParts {
  readonly cache: CatalogueCache
  /** The newest revision of any function in Redis. */
  readonly newestRevision: () => Promise<number>
  /** Called when the subscription does not deliver. */
  readonly renewSubscription: () => void
  readonly onChange: (change: { name: string; replica: string }) => void
  /** Called when the subscription is restored; notifications may have been missed. */
  readonly onMissed: () => void
}

/**
 * Revisions are consecutive, so a gap shows that messages were missed, and a revision in Redis without a message for a whole
 * interval shows that messages do not arrive. In both cases the cache is invalidated, and subscribers to changes are notified that
 * they may have missed some.
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
