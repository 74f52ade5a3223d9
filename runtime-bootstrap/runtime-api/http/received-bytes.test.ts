import { expect, test } from '@jest/globals'
import { BodyPieces } from './body-pieces.ts'
import { ReceivedBytes } from './received-bytes.ts'

test('received bytes are appended to what was not read, and few of them are copied', () => {
  const received = new ReceivedBytes()
  const all = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251))
  let unread: Buffer = Buffer.alloc(0)
  const stores = new Set<ArrayBufferLike>()
  const read: Buffer[] = []
  for (let at = 0; at < all.length; at += 7) {
    unread = received.append(unread, all.subarray(at, at + 7))
    stores.add(unread.buffer)
    if (at % 5 === 0) {
      read.push(Buffer.from(unread.subarray(0, 3)))
      unread = unread.subarray(3)
    }
  }
  expect(Buffer.concat([...read, unread]).equals(all)).toBe(true)
  expect(stores.size).toBeLessThan(20)
})

test('a body is whole whatever the size of its pieces, and takes memory in proportion', () => {
  const pieces = new BodyPieces()
  const sizes = [1, 20_000, 3, 0, 16_384, 16_383, 2, 100_000, 5]
  const all = sizes.map((size, index) => Buffer.alloc(size, index + 1))
  for (const piece of all) pieces.add(piece)
  expect(pieces.bytes).toBe(152_778)
  expect(pieces.take().equals(Buffer.concat(all))).toBe(true)
  expect([pieces.bytes, pieces.take().length]).toEqual([0, 0])
})
