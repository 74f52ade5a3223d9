import type { ClaimOptions, EnvironmentLeases } from '../../../environments/sharing/leases.ts'
import type { RedisConnection } from '../connection/connection.ts'
import { environmentKeys, serverKeys } from '../connection/keys.ts'
import type { Membership } from '../membership/membership.ts'
import { loadScript } from '../connection/script.ts'

/** Parked environments end themselves long before this time to live of their records. */
const parkedSeconds = 3600

/** After this timeout, ms, a server is considered silent until it sends a message. */
const answerMs = 1_000

/** A request for an environment, and the reply whether one was parked. */
type Message =
  | { readonly server: string; readonly key: string; readonly question: number }
  | { readonly server: string; readonly asker: string; readonly question: number; readonly isParked: boolean }

/** Leases that receive the messages of the channel `environmentKeys.wanted`. */
export interface RedisEnvironmentLeases extends EnvironmentLeases {
  hear(message: string): void
}

/** The leases of environments in Redis. The lease of a server's membership covers all that it holds. */
export function openEnvironmentLeases(connection: RedisConnection, membership: Membership): RedisEnvironmentLeases {
  const load = (name: string) => loadScript(connection, name, import.meta.url)
  const scripts = {
    nextToken: load('next-token'),
    claim: load('claim-environment'),
    park: load('park-environment'),
    takeParked: load('take-parked-environment'),
    takeLongestParked: load('take-longest-parked-environment'),
    forget: load('forget-environment'),
    forgetGone: load('forget-gone-environments'),
  }
  const { holders, token, wanted } = environmentKeys
  const questions = openQuestions((message) => connection.run((redis) => redis.publish(wanted, message)), membership)
  const flag = (isSet = false) => (isSet ? '1' : '')
  const claim = async (id: string, { isUnknownFree, isParkedFree }: ClaimOptions = {}) => {
    const args = [membership.server, id, flag(isUnknownFree), flag(isParkedFree)]
    return (await scripts.claim([serverKeys.living, holders], args)) as 'claimed' | 'held' | 'unknown'
  }
  return {
    nextToken: async () => (await scripts.nextToken([token], [])) as number,
    hold: async (id) => {
      await claim(id, { isUnknownFree: true, isParkedFree: true })
    },
    claim,
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
    ...questions,
    known: () => connection.run((redis) => redis.hkeys(holders)),
    forgetGone: async (ids) => {
      await scripts.forgetGone([serverKeys.living, holders], [membership.server, ...ids])
    },
  }
}

/** Sends requests to the other servers, and replies to theirs. */
function openQuestions(publish: (message: string) => Promise<unknown>, membership: Membership) {
  const open = new Map<number, { readonly unheard: Set<string>; readonly resolve: (isParked: boolean) => void }>()
  /** Servers that did not reply to a request and have sent nothing since. */
  const silent = new Set<string>()
  let asked = 0
  let onWanted: (key: string) => Promise<boolean> = () => Promise.resolve(false)
  const send = (message: Message) => publish(JSON.stringify(message))

  async function want(key: string): Promise<boolean> {
    const { server, living } = membership
    const others = living.filter((other) => other !== server)
    if (others.length === 0) return false
    const unheard = new Set(others.filter((other) => !silent.has(other)))
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const question = ++asked
    open.set(question, { unheard, resolve })
    if (unheard.size === 0) resolve(false)
    const timer = setTimeout(() => {
      for (const other of unheard) silent.add(other)
      resolve(false)
    }, answerMs)
    try {
      await send({ server, key, question })
      return await promise
    } finally {
      clearTimeout(timer)
      open.delete(question)
    }
  }

  async function answer(asker: string, key: string, question: number): Promise<void> {
    const isParked = await onWanted(key).catch(() => false)
    await send({ server: membership.server, asker, question, isParked }).catch(() => undefined)
  }

  function hear(text: string): void {
    const message = JSON.parse(text) as Message
    const { server, question } = message
    if (server === membership.server) return
    silent.delete(server)
    if ('key' in message) return void answer(server, message.key, question)
    const own = message.asker === membership.server ? open.get(question) : undefined
    own?.unheard.delete(server)
    if (message.isParked || own?.unheard.size === 0) own?.resolve(message.isParked)
  }

  return { want, hear, onWanted: (listener: typeof onWanted) => void (onWanted = listener) }
}
