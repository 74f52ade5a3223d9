import type { FetchPosition } from '../client/fetch.ts'
import { nameOf, type TopicPartition } from '../records/partition.ts'
import type { KafkaRecord } from '../records/kafka-record.ts'

/** Takes what a partition brings. */
export interface Reader {
  onRecords(records: readonly KafkaRecord[]): void
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
  read(topicPartition: TopicPartition, offset: string, reader: Reader): Reading | undefined
  /** Takes what the group has decided. */
  assign(partitions: Readonly<Record<string, readonly number[]>>): void
  /** What is to be fetched: a partition that nobody reads is not, and one whose reader is slow waits, while others go on. */
  wanted(): readonly FetchPosition[]
  /** Hands on what was fetched at a position, and goes on at the next offset; what is not wanted any more is dropped. */
  take(fetched: FetchPosition, records: readonly KafkaRecord[], next: bigint): void
  /** Ends all reading. */
  end(): void
}

interface ActiveReading extends TopicPartition {
  readonly reader: Reader
  offset: bigint
  isPaused: boolean
}

/** No assignments yet; `onWanted` is called when there is more to fetch than before. */
export function createAssignments(onWanted: () => void): Assignments {
  const active = new Map<string, ActiveReading>()
  let names: readonly string[] = []
  const end = (name: string): void => {
    const reading = active.get(name)
    active.delete(name)
    reading?.reader.onEnd()
  }
  return {
    names: () => names,
    read({ topic, partition }, offset, reader) {
      const name = nameOf({ topic, partition })
      if (!names.includes(name)) return undefined
      const reading = { topic, partition, reader, offset: BigInt(offset), isPaused: false }
      active.set(name, reading)
      onWanted()
      return {
        pause: () => void (reading.isPaused = true),
        resume() {
          reading.isPaused = false
          onWanted()
        },
        stop() {
          if (active.get(name) === reading) active.delete(name)
        },
      }
    },
    assign(partitions) {
      names = Object.entries(partitions).flatMap(([topic, numbers]) =>
        numbers.map((partition) => nameOf({ topic, partition })),
      )
      for (const name of [...active.keys()]) if (!names.includes(name)) end(name)
    },
    wanted: () =>
      [...active.values()]
        .filter(({ isPaused }) => !isPaused)
        .map(({ topic, partition, offset }) => ({ topic, partition, offset })),
    take(fetched, records, next) {
      const reading = active.get(nameOf(fetched))
      if (reading === undefined || reading.offset !== fetched.offset) return
      reading.offset = next
      if (records.length > 0) reading.reader.onRecords(records)
    },
    end() {
      names = []
      for (const name of [...active.keys()]) end(name)
    },
  }
}
