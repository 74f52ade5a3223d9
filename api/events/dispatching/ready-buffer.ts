import { createAhead, type Ahead } from './prefetch.ts'
import { createPaces, type Paces } from './service-times.ts'
import { createPlaces, type Places } from './run-permits.ts'
import type { TakeRequest } from '../queue/event-queue.ts'

/** What a dispatcher has of events, and what it knows of their functions. */
export interface Stock {
  readonly places: Places
  readonly ahead: Ahead
  readonly paces: Paces
  readonly concurrency: number
  readonly mostYoung: number
  /** Events that run, or whose outcome is not stored yet. */
  unsettled: number
}

/** Nothing yet, and so many places. */
export function createStock(concurrency: number, mostYoung: number): Stock {
  const [places, ahead, paces] = [createPlaces(concurrency, mostYoung), createAhead(), createPaces(mostYoung)]
  return { places, ahead, paces, concurrency, mostYoung, unsettled: 0 }
}

/** With many places taken nothing is taken ahead: it would be longer than a moment until its turn. */
function hasRoom({ places, concurrency }: Stock): boolean {
  return places.free() > concurrency / 2
}

/** Asks for what has a place, and of quick functions for what will have one in a moment. */
export function nextRequest(stock: Stock, nowMs: number): TakeRequest {
  const { places, ahead, paces, mostYoung } = stock
  const limit = places.free()
  const perFunction = Math.min(Math.ceil(limit / 2), mostYoung)
  const closed = places.closedTo(nowMs)
  const shares = new Map([...closed].map((name): [string, number] => [name, 0]))
  for (const name of hasRoom(stock) ? places.running() : []) {
    if (places.isResting(name, nowMs)) continue
    const room = Math.max(0, paces.mostAhead(name) - ahead.count(name))
    shares.set(name, (shares.get(name) ?? perFunction) + room)
  }
  const skip = new Set([...shares].filter(([, share]) => share === 0).map(([name]) => name))
  const others = [...shares].filter(([, share]) => share > 0)
  const further = others.reduce((sum, [, share]) => sum + share, 0)
  return { limit: limit + further, perFunction, skip, shares: new Map(others), nowMs }
}

/** Whether the store has to be asked when something happened to a function's events: not while enough of them wait here. */
export function wantsMore(stock: Stock, functionName: string): boolean {
  const { ahead, paces } = stock
  const count = ahead.count(functionName)
  return count === 0 || count <= paces.mostAhead(functionName) / 2 || !hasRoom(stock)
}
