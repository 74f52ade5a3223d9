import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs'
import { nameOf, partitionNamed, type Partition } from '../records/partition.ts'

/** Takes what a partition brings. */
export interface Reader {
  onRecords(messages: readonly KafkaMessage[]): void
  /** The partition is another member's, or the member has ended: no more records come. */
  onEnd(): void
}

/** A partition that is read. */
export interface Reading {
  /** Asks for no more records until `resume`. */
  pause(): void
  resume(): void
  stop(): void
}

/** Which partitions the group gives to a member, and who reads them here. */
export interface Assignments {
  names(): readonly string[]
  /** Reads from this offset on; nothing when the partition is not this member's. */
  read(place: Partition, offset: string, reader: Reader): Reading | undefined
  /** Takes what the group has decided. */
  assign(partitions: Readonly<Record<string, readonly number[]>>): void
  /** Hands on what was fetched. */
  take(payload: EachBatchPayload): Promise<void>
  /** Ends all reading. */
  end(): void
}

interface Place {
  readonly reader: Reader
  next: string
}

/**
 * Assignments of a consumer. It fetches for all of its partitions at once and waits until what it fetched was taken, so that
 * records are only handed on here; a partition whose reader is slow is paused, and others go on.
 */
export function createAssignments(consumer: Pick<Consumer, 'pause' | 'resume' | 'seek'>): Assignments {
  const places = new Map<string, Place>()
  let names: readonly string[] = []
  const end = (name: string): void => {
    const place = places.get(name)
    places.delete(name)
    place?.reader.onEnd()
  }
  return {
    names: () => names,
    read(place, offset, reader) {
      const name = nameOf(place)
      if (!names.includes(name)) return undefined
      const reading = { reader, next: offset }
      const isCurrent = () => places.get(name) === reading
      places.set(name, reading)
      consumer.seek({ ...place, offset })
      consumer.resume([partitionsOf(place)])
      return {
        pause() {
          if (isCurrent()) whileRunning(() => consumer.pause([partitionsOf(place)]))
        },
        resume() {
          if (isCurrent()) whileRunning(() => consumer.resume([partitionsOf(place)]))
        },
        stop() {
          if (!isCurrent()) return
          whileRunning(() => consumer.pause([partitionsOf(place)]))
          places.delete(name)
        },
      }
    },
    assign(partitions) {
      names = Object.entries(partitions).flatMap(([topic, numbers]) =>
        numbers.map((partition) => nameOf({ topic, partition })),
      )
      for (const name of [...places.keys()]) if (!names.includes(name)) end(name)
      for (const name of names) {
        const [place, reading] = [partitionNamed(name), places.get(name)]
        // Where nobody reads nothing is fetched; others go on where they were, not at what is committed.
        if (reading === undefined) consumer.pause([partitionsOf(place)])
        else consumer.seek({ ...place, offset: reading.next })
      }
    },
    take(payload) {
      const { messages } = payload.batch
      const [reading, last] = [places.get(nameOf(payload.batch)), messages.at(-1)]
      if (reading !== undefined && last !== undefined && !payload.isStale() && payload.isRunning()) {
        reading.next = String(BigInt(last.offset) + 1n)
        payload.resolveOffset(last.offset)
        reading.reader.onRecords(messages)
      }
      return Promise.resolve()
    },
    end() {
      names = []
      for (const name of [...places.keys()]) end(name)
    },
  }
}

function partitionsOf({ topic, partition }: Partition) {
  return { topic, partitions: [partition] }
}

/** A consumer that has stopped throws; whoever reads is told of its end apart. */
function whileRunning(ask: () => unknown): void {
  try {
    ask()
  } catch {
    return
  }
}
