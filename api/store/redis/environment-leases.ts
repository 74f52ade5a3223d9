import type { EnvironmentLeases } from '../../environments/leases.ts'
import type { RedisConnection } from './connection.ts'
import { environmentKeys, serverKeys } from './keys.ts'
import type { Membership } from './membership.ts'
import { loadScript } from './script.ts'

/** Environments that wait end themselves long before this; what is known of them may go then. */
const parkedSeconds = 3600

/** Leases, and what they have to hear of the channel `environmentKeys.wanted`. */
export interface RedisEnvironmentLeases extends EnvironmentLeases {
  hear(message: string): void
}

/** The leases of environments in Redis. A server's lease is the one of its membership, for all that it holds. */
export function openEnvironmentLeases(connection: RedisConnection, membership: Membership): RedisEnvironmentLeases {
  const load = (name: string) => loadScript(connection, name, import.meta.url)
  const scripts = {
    claim: load('claim-environment'),
    park: load('park-environment'),
    takeParked: load('take-parked-environment'),
    takeLongestParked: load('take-longest-parked-environment'),
    forget: load('forget-environment'),
    forgetGone: load('forget-gone-environments'),
  }
  const { holders, token, wanted } = environmentKeys
  let onWanted: (key: string) => void = () => undefined
  const flag = (isSet = false) => (isSet ? '1' : '')
  return {
    nextToken: () => connection.run((redis) => redis.incr(token)),
    hold: async (id) => {
      await connection.run((redis) => redis.hset(holders, id, membership.server))
    },
    claim: async (id, { isUnknownFree, isParkedFree } = {}) => {
      const args = [membership.server, id, flag(isUnknownFree), flag(isParkedFree)]
      return (await scripts.claim([serverKeys.living, holders], args)) as 'claimed' | 'held' | 'unknown'
    },
    park: async (id, key) =>
      (await scripts.park([holders, environmentKeys.parked(key)], [membership.server, id, parkedSeconds])) === 1,
    takeParked: async (key) => {
      const id = await scripts.takeParked([holders, environmentKeys.parked(key)], [membership.server])
      return typeof id === 'string' ? id : undefined
    },
    takeLongestParked: async (environments) => {
      const parked = environments.map(({ key }) => environmentKeys.parked(key))
      const ids = environments.map(({ id }) => id)
      const id = await scripts.takeLongestParked([holders, ...parked], [membership.server, ...ids])
      return typeof id === 'string' ? id : undefined
    },
    forget: async (id) => {
      await scripts.forget([holders], [membership.server, id])
    },
    want: async (key) => {
      await connection.run((redis) => redis.publish(wanted, JSON.stringify({ server: membership.server, key })))
    },
    onWanted: (listener) => (onWanted = listener),
    hear: (message) => {
      const { server, key } = JSON.parse(message) as { server: string; key: string }
      if (server !== membership.server) onWanted(key)
    },
    known: () => connection.run((redis) => redis.hkeys(holders)),
    forgetGone: async (ids) => {
      await scripts.forgetGone([serverKeys.living, holders], [membership.server, ...ids])
    },
  }
}
