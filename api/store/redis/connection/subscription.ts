import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { RedisConnection } from './connection.ts'

/** A subscriber to a channel, with callbacks for messages and for changes of the subscription. */
export interface ChannelListener {
  onMessage(text: string): void
  /** The subscription is active: messages arrive from now on. */
  onUp?(): void
  /** The subscription is lost: messages may be missed from now on. */
  onDown?(): void
}

/** A subscription that is restored whenever it is lost. */
export interface Subscription {
  /** Subscribes over a new connection, because this one does not deliver. */
  renew(): void
  stop(): void
}

const pingMs = 1_000
const backOffMs = 100

/** Subscribes to channels over a dedicated connection until it is stopped. */
export function keepSubscribed(
  connection: RedisConnection,
  channels: Readonly<Record<string, ChannelListener>>,
): Subscription {
  const stopping = new AbortController()
  let current: Redis | undefined
  const listeners = Object.values(channels)
  const listenerOf = new Map(Object.entries(channels))

  const subscribeOnce = async (): Promise<void> => {
    const redis = connection.newSubscriber()
    current = redis
    redis.on('error', () => undefined)
    redis.on('message', (channel, text) => listenerOf.get(channel)?.onMessage(text))
    try {
      await isReady(redis)
      await redis.subscribe(...Object.keys(channels))
      for (const listener of listeners) listener.onUp?.()
      await lost(redis)
    } finally {
      for (const listener of listeners) listener.onDown?.()
      end(redis)
    }
  }
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await subscribeOnce().catch(() => undefined)
      await delay(backOffMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  void run()
  return {
    renew: () => current && end(current),
    stop: () => {
      stopping.abort()
      if (current) end(current)
    },
  }
}

function isReady(redis: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    redis.once('ready', resolve)
    redis.once('end', () => reject(new Error('No connection for subscriptions')))
  })
}

/** Closes the connection; destroys it when it does not respond. */
async function lost(redis: Redis): Promise<void> {
  const watch = setInterval(() => void redis.ping().catch(() => end(redis)), pingMs)
  if (redis.status !== 'end') await new Promise<void>((resolve) => redis.once('end', () => resolve()))
  clearInterval(watch)
}

/** Ending it twice would make the client keep the process alive for two seconds. */
function end(redis: Redis): void {
  if (redis.status !== 'end') redis.disconnect()
}
