import type { ExtensionEventType } from '../runtime-api/extensions/extension-events.ts'
import { sendExtensionEvent, type ExtensionEvent } from '../runtime-api/extensions/next.ts'
import type { ApiReply } from '../runtime-api/http/http-connection.ts'
import { extensionMoves, type ExtensionState } from './extension-state.ts'

/** One extension: external ones have a process of their own, internal ones live in the runtime's. */
export class Extension {
  /** The global loads with the first extension; `node:crypto` would be memory of every idle supervisor. */
  readonly id = crypto.randomUUID()
  readonly name: string
  readonly isExternal: boolean
  /** Why it failed, in its own word or the service's. */
  failure: string | undefined
  #events: readonly ExtensionEventType[] = []
  #state: ExtensionState = 'Started'
  #waiting: ApiReply | undefined
  /** An event for which nobody waits at the moment. */
  #undelivered: ExtensionEvent | undefined

  constructor(name: string, isExternal: boolean) {
    this.name = name
    this.isExternal = isExternal
  }

  get state(): ExtensionState {
    return this.#state
  }

  get events(): readonly ExtensionEventType[] {
    return this.#events
  }

  /** Whether it said that it cannot go on, and is to exit by itself. */
  get isLeaving(): boolean {
    return this.#state === 'InitError' || this.#state === 'ExitError'
  }

  /** Whether it may still take an event. */
  get canListen(): boolean {
    return this.#state === 'Registered' || this.#state === 'Ready' || this.#state === 'Running'
  }

  wants(event: ExtensionEventType): boolean {
    return this.#events.includes(event)
  }

  /** Whether it may go there now. Who waits for an event may ask again only when its connection broke. */
  may(next: ExtensionState): boolean {
    if (next === 'Ready' && this.#state === 'Ready') return this.#waiting?.isOpen() !== true
    return extensionMoves[this.#state].includes(next)
  }

  register(events: readonly ExtensionEventType[]): void {
    this.#move('Registered')
    this.#events = [...new Set(events)]
  }

  /** It asks for an event; the reply is kept until there is one. */
  ask(reply: ApiReply): void {
    const event = this.#undelivered
    this.#undelivered = undefined
    if (event !== undefined) return sendExtensionEvent(reply, event)
    if (this.#state !== 'Ready') this.#move('Ready')
    this.#waiting = reply
  }

  /** Hands it an event, now or when it asks. */
  offer(event: ExtensionEvent): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (this.#state !== 'Running') this.#move('Running')
    if (waiting?.isOpen() === true) sendExtensionEvent(waiting, event)
    else this.#undelivered = event
  }

  /** It cannot go on. */
  fail(state: 'LaunchError' | 'InitError' | 'ExitError', failure: string): void {
    this.#move(state)
    this.failure = failure
  }

  /** Its process ended though nobody asked it to. What it failed with before stays. */
  leave(): void {
    if (!this.may('Exited')) return
    this.#move('Exited')
    this.failure = 'Extension.Crash'
  }

  #move(next: ExtensionState): void {
    if (!this.may(next)) throw new Error(`The extension ${this.name} cannot go from ${this.#state} to ${next}`)
    this.#state = next
  }
}
