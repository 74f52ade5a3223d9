import type { FetchPosition } from '../client/fetch.ts'
import { nameOf, type TopicPartition } from '../records/partition.ts'
import type { KafkaRecord } from '../records/kafka-record.ts'

/** Receives the records of a partition. */
export interface Reader {
  onRecords(records: readonly KafkaRecord[]): void
  /** The partition was assigned to another member, or the member has left: no more records follow. */
  onEnd(): void
}

/** A partition that is being read. */
export interface Reading {
  /** Stops fetching until `resume`. */
  pause(): void
  resume(): void
  stop(): void
}

/** The partitions that the group assigns to a member, and their readers on this server. */
export interface Assignments {
  names(): readonly string[]
  /** Reads from this offset; undefined when the partition is not assigned to this member. */
  read(topicPartition: TopicPartition, offset: string, reader: Reader): Reading | undefined
  /** Replaces the assignment. */
  assign(partitions: Readonly<Record<string, readonly number[]>>): void
  /** The positions to fetch: partitions that have a reader and are not paused. */
  wanted(): readonly FetchPosition[]
  /** Passes fetched records to the reader, and advances to the next offset. Drops records of an outdated position. */
  take(fetched: FetchPosition, records: readonly KafkaRecord[], next: bigint): void
  /** Ends all readings. */
  end(): void
}

interface ActiveReading extends TopicPartition {
  readonly reader: Reader
  offset: bigint
  isPaused: boolean
}

/** Starts without assignments. Calls `onWanted` when there are more positions to fetch. */
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
