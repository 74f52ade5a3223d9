import type { V1Pod } from '@kubernetes/client-node'
import { isLongAgo, nameOf, shapeOfPod } from '../pods/pod-facts.ts'

/** What launches are missing, and what can free capacity for them. */
export interface CapacitySearchParts {
  /** Memory of the launches that no node can take now, MB. */
  missingMb(): number
  /** All pods of environments, as last seen. */
  pods(): readonly V1Pod[]
  /** Whether the pod is being ended. */
  isEnding(name: string): boolean
  /** Ends launches and generic environments that are not needed. */
  endUnneeded(): void
  /** Ends an idle environment; resolves with the name of its pod, or with undefined when there is none. */
  evict(): Promise<string | undefined>
  /** Counts evicted memory for the launches that are missing it, MB. */
  charge(memoryMb: number): void
  /** The evicted pods, or as much memory as launches are missing, are gone: unschedulable launches try again. */
  tryAgain(): void
}

const againMs = 1_000
/** A pod that terminates for longer is on a node that does not respond, and frees no capacity. */
const maxTerminationMs = 30_000

/**
 * Evicts as much memory as launches are missing, less what is already terminating. Repeats while memory is missing: an environment in use
 * may soon be idle, and an eviction may not have helped.
 */
export class CapacitySearch {
  readonly #parts: CapacitySearchParts
  readonly #againMs: number
  /** Evicted pods, which the watch may not show as terminating yet. */
  readonly #sent = new Set<string>()
  /** Memory freed since launches last tried again, MB. */
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
    const missingMb = this.#parts.missingMb()
    this.#leftMb = missingMb > 0 ? this.#leftMb + memoryOf(pod) : 0
    if (this.#leftMb === 0 || (this.#leftMb < missingMb && this.#leavingMb() > 0)) return
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
    if (this.#parts.missingMb() > 0) this.#again = setTimeout(() => this.begin(), this.#againMs).unref()
  }

  #isWanted(): boolean {
    const missingMb = this.#parts.missingMb()
    return missingMb > 0 && this.#leavingMb() + this.#leftMb < missingMb
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

/** The memory that it occupies on a node, MB. */
function memoryOf(pod: V1Pod): number {
  return pod.spec?.nodeName === undefined ? 0 : (shapeOfPod(pod)?.memoryMb ?? 0)
}
