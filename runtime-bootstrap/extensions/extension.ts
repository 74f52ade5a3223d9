import type { ExtensionEventType } from '../runtime-api/extensions/extension-events.ts'
import { sendExtensionEvent, type ExtensionEvent } from '../runtime-api/extensions/next.ts'
import type { ApiReply } from '../runtime-api/http/http-connection.ts'
import { extensionMoves, type ExtensionState } from './extension-state.ts'

/** One extension: external ones have their own process, internal ones run in the runtime's. */
export class Extension {
  /** The global `crypto` loads with the first extension; importing `node:crypto` would cost every idle supervisor memory. */
  readonly id = crypto.randomUUID()
  readonly name: string
  readonly isExternal: boolean
  /** Why it failed: its own error type, or AWS's. */
  failure: string | undefined
  #events: readonly ExtensionEventType[] = []
  #state: ExtensionState = 'Started'
  #waiting: ApiReply | undefined
  /** An event that could not be delivered yet. */
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

  /** Whether it has reported an error and should exit by itself. */
  get isLeaving(): boolean {
    return this.#state === 'InitError' || this.#state === 'ExitError'
  }

  /** Whether it can still receive an event. */
  get canListen(): boolean {
    return this.#state === 'Registered' || this.#state === 'Ready' || this.#state === 'Running'
  }

  wants(event: ExtensionEventType): boolean {
    return this.#events.includes(event)
  }

  /** Whether the transition is allowed. A waiting extension may ask again only after its connection broke. */
  may(next: ExtensionState): boolean {
    if (next === 'Ready' && this.#state === 'Ready') return this.#waiting?.isOpen() !== true
    return extensionMoves[this.#state].includes(next)
  }

  register(events: readonly ExtensionEventType[]): void {
    this.#move('Registered')
    this.#events = [...new Set(events)]
  }

  /** Asks for an event; the reply is held until there is one. */
  ask(reply: ApiReply): void {
    const event = this.#undelivered
    this.#undelivered = undefined
    if (event !== undefined) return sendExtensionEvent(reply, event)
    if (this.#state !== 'Ready') this.#move('Ready')
    this.#waiting = reply
  }

  /** Delivers an event, now or when the extension asks. */
  offer(event: ExtensionEvent): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (this.#state !== 'Running') this.#move('Running')
    if (waiting?.isOpen() === true) sendExtensionEvent(waiting, event)
    else this.#undelivered = event
  }

  /** The extension has failed. */
  fail(state: 'LaunchError' | 'InitError' | 'ExitError', failure: string): void {
    this.#move(state)
    this.failure = failure
  }

  /** Its process exited unexpectedly. An earlier failure is kept. */
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
