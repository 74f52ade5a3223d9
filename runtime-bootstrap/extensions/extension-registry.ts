import type { ExtensionReport } from '../platform/platform-lines.ts'
import {
  extensionEventTypes,
  type ExtensionEventType,
  type ExtensionRefusal,
} from '../runtime-api/extensions/extension-events.ts'
import {
  invalidEvent,
  invalidMove,
  nameTaken,
  registrationClosed,
  tooManyExtensions,
} from '../runtime-api/extensions/refusals.ts'
import { Extension } from './extension.ts'

/** The most extensions of one environment, as on AWS. */
export const maxExtensions = 10

/** The extensions of one initialisation: external ones from the start, internal ones when they register. */
export class ExtensionRegistry {
  readonly #byName = new Map<string, Extension>()
  #isClosed = false

  constructor(names: readonly string[]) {
    for (const name of names) this.#byName.set(name, new Extension(name, true))
  }

  get size(): number {
    return this.#byName.size
  }

  all(): Extension[] {
    return [...this.#byName.values()]
  }

  external(): Extension[] {
    return this.all().filter(({ isExternal }) => isExternal)
  }

  /** The registered extension with this identifier. */
  find(id: string): Extension | undefined {
    const found = this.all().find((extension) => extension.id === id)
    return found?.state === 'Started' ? undefined : found
  }

  /** Whether every external extension has registered, which the runtime waits for. */
  areKnown(): boolean {
    return this.external().every(({ state }) => state !== 'Started')
  }

  /** Whether every extension has asked for its next event. */
  areReady(): boolean {
    for (const { state } of this.#byName.values()) if (state !== 'Ready') return false
    return true
  }

  reports(): ExtensionReport[] {
    return this.all().map(({ name, state, events, failure }) => {
      return { name, state, events, ...(failure === undefined ? {} : { errorType: failure }) }
    })
  }

  /** Closes registration. */
  close(): void {
    this.#isClosed = true
  }

  /** Registers an extension. A name without a file is that of an internal extension. */
  register(name: string, events: readonly string[]): Extension | ExtensionRefusal {
    const known = this.#byName.get(name)
    const isExternal = known?.isExternal === true
    const refusal = eventRefusal(events, isExternal) ?? this.#refusal(known)
    if (refusal !== undefined) return refusal
    const extension = known ?? new Extension(name, false)
    this.#byName.set(name, extension)
    extension.register(events as readonly ExtensionEventType[])
    return extension
  }

  #refusal(known: Extension | undefined): ExtensionRefusal | undefined {
    if (this.#isClosed) return registrationClosed
    if (known === undefined) return this.#byName.size < maxExtensions ? undefined : tooManyExtensions(maxExtensions)
    if (!known.isExternal) return nameTaken
    return known.may('Registered') ? undefined : invalidMove(known.name, known.state, 'Registered')
  }
}

function eventRefusal(events: readonly string[], isExternal: boolean): ExtensionRefusal | undefined {
  const known: readonly string[] = extensionEventTypes
  for (const event of events) {
    if (!known.includes(event)) return invalidEvent(event, 'ErrorInvalidEventType')
    if (event === 'SHUTDOWN' && !isExternal) return invalidEvent(event, 'ShutdownEventNotSupportedForInternalExtension')
  }
  return undefined
}
