import type { V1Pod } from '@kubernetes/client-node'
import { isLongAgo, nameOf, shapeOfPod } from '../pods/pod-facts.ts'

/** What launches lack, and what can make room for them. */
export interface CapacitySearchParts {
  /** Memory of the launches that no node has room for now, MB. */
  lackingMb(): number
  /** All pods of environments, as last seen. */
  pods(): readonly V1Pod[]
  /** Whether the pod is to go. */
  isEnding(name: string): boolean
  /** Ends launches, and generic environments, that nobody waits for. */
  endUnneeded(): void
  /** Ends an environment that its function does not use now; answers its pod, or nothing when there is none. */
  evict(): Promise<string | undefined>
  /** So much was sent away for the launches that lack it, MB. */
  charge(memoryMb: number): void
  /** All that was leaving, or as much as launches lack, has left: what found no room is to try again. */
  tryAgain(): void
}

const againMs = 1_000
/** What should be gone for so long is on a node that does not answer, and makes no room. */
const maxTerminationMs = 30_000

/**
 * Sends away as much as launches lack and is not about to leave, and looks again while they lack it: what is in use now may not be
 * in a moment, and what left may not have helped.
 */
export class CapacitySearch {
  readonly #parts: CapacitySearchParts
  readonly #againMs: number
  /** Pods that were sent away, which may not be seen to end yet. */
  readonly #sent = new Set<string>()
  /** What has left since launches were last told to try again, MB. */
  #leftMb = 0
  #isUnderWay = false
  #again: NodeJS.Timeout | undefined

  constructor(parts: CapacitySearchParts, { againAfterMs = againMs } = {}) {
    this.#parts = parts
    this.#againMs = againAfterMs
  }

  begin(): void {
    if (!this.#isUnderWay) void this.#search()
  }

  /** A pod is gone. */
  gone(pod: V1Pod): void {
    this.#sent.delete(nameOf(pod))
    const lackingMb = this.#parts.lackingMb()
    this.#leftMb = lackingMb > 0 ? this.#leftMb + memoryOf(pod) : 0
    if (this.#leftMb === 0 || (this.#leftMb < lackingMb && this.#leavingMb() > 0)) return
    this.#leftMb = 0
    this.#parts.tryAgain()
  }

  async #search(): Promise<void> {
    this.#isUnderWay = true
    clearTimeout(this.#again)
    this.#parts.endUnneeded()
    while (this.#isWanted()) {
      const name = await this.#parts.evict().catch(() => undefined)
      if (name === undefined) break
      this.#sent.add(name)
      const pod = this.#parts.pods().find((each) => nameOf(each) === name)
      if (pod !== undefined) this.#parts.charge(memoryOf(pod))
    }
    this.#isUnderWay = false
    if (this.#parts.lackingMb() > 0) this.#again = setTimeout(() => this.begin(), this.#againMs).unref()
  }

  #isWanted(): boolean {
    const lackingMb = this.#parts.lackingMb()
    return lackingMb > 0 && this.#leavingMb() + this.#leftMb < lackingMb
  }

  #leavingMb(): number {
    const leaving = this.#parts.pods().filter((pod) => this.#isLeaving(pod))
    return leaving.reduce((sum, pod) => sum + memoryOf(pod), 0)
  }

  #isLeaving(pod: V1Pod): boolean {
    const [name, goneAt] = [nameOf(pod), pod.metadata?.deletionTimestamp]
    if (goneAt !== undefined) return !isLongAgo(goneAt, maxTerminationMs)
    return this.#sent.has(name) || this.#parts.isEnding(name)
  }
}

/** How much memory it takes up on a node, MB. */
function memoryOf(pod: V1Pod): number {
  return pod.spec?.nodeName === undefined ? 0 : (shapeOfPod(pod)?.memoryMb ?? 0)
}
