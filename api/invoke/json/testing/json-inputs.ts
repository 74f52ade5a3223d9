const texts = [
  '{"a":1}',
  '[1,2]',
  '"text"',
  'null',
  'true',
  'false',
  '-1.5e+3',
  '0',
  '{"a":{"b":[true,null,"x\\u00e9\\n"]},"c":"ü€😀"}',
  '[]',
  '{}',
  ' [ 1 , { "k" : "v" } ] \r\n',
  '{\r\n\t"aaaaaaaaaaaaaaaa":"bbbbbbbbbbbbbbbbbbbbbbbb",\n"ccccccc\\u0041":[0.5,-0,1e5]\n}',
  '"\\ud83d\\ude00"',
  '[[[[1]]]]',
  '{"größe":1,"€uro":"€"}',
  '\u0099',
  'NaN',
  '-Infinity',
  'Infinity',
  'tru',
  'nulll',
  '12a',
  '/*c*/1',
  '#x',
  '{"":""}',
  '[1,]',
  '{"a":1,}',
  '1 2',
  '[]]',
  '\ufeff{}',
]
const pieces = (
  '{ } [ ] " : , \\ \\u \\u12 \\uD800 - + . e E 0 00 1 9 n t f N I nul true false null NaN -I -INF / /* # \' ' +
  'é ß € 漢 😀 $ _ a Z \\x \\" 1e 1. 0x -0 "a": "a" 1e400'
)
  .split(' ')
  .concat('\t', '\n', '\r', '\r\n', ' ', '\0', '\x01', '\x1e', '\x1f', '\x7f', '\u2028', '\u0099')
const bytes = Buffer.from('80858799a0a5adb5bfc0c1c2c3d7dfe0e2edeff0f4f5f7f8fcfeff001f7f', 'hex')

/** Texts that are nearly JSON: whole, cut off, and with wrong bytes at each position; the same ones for the same seed. */
export function jsonInputs(seed: number, count: number): Buffer[] {
  const random = randomNumbers(seed)
  const inputs: Buffer[] = []
  while (inputs.length < count) {
    const input = changed(random)
    if (input.length > 0 && !looksLikeUtf16(input)) inputs.push(input)
  }
  return inputs
}

/** One text with a wrong byte at each position, and cut off there. */
export function brokenEverywhere(text: Buffer): Buffer[] {
  const wrong = [0xff, 0xc3, 0x80, 0x01].map((byte) => Buffer.from([byte]))
  return Array.from(text).flatMap((_, at) => {
    const [before, after] = [text.subarray(0, at), text.subarray(at + 1)]
    return [...wrong.map((byte) => Buffer.concat([before, byte, after])), ...(at === 0 ? [] : [before])]
  })
}

function changed(random: (below: number) => number): Buffer {
  const pick = <Item>(list: readonly Item[]): Item => list[random(list.length)] as Item
  let input = Buffer.from(
    random(7) === 0 ? Array.from({ length: 1 + random(8) }, () => pick(pieces)).join('') : pick(texts),
  )
  for (let changes = random(4); changes > 0; changes--) {
    const at = random(input.length + 1)
    const [before, after] = [input.subarray(0, at), input.subarray(at)]
    const byte = (): Buffer => Buffer.from([bytes[random(bytes.length)] ?? 0])
    const parts = [
      () => [before],
      () => [before, Buffer.from(pick(pieces)), after],
      () => [before, byte(), after.subarray(random(2))],
      () => [before, after.subarray(1 + random(3))],
      () => [before, Buffer.from([random(256)]), after.subarray(1)],
      () => [before, byte(), byte(), after],
    ]
    input = Buffer.concat(pick(parts)())
  }
  return input
}

/** Jackson reads such bytes as UTF-16 or UTF-32. */
function looksLikeUtf16(input: Buffer): boolean {
  const start = input.toString('latin1', 0, 2)
  return input.subarray(0, 4).includes(0) || start === '\xfe\xff' || start === '\xff\xfe'
}

/** Numbers below a limit (Mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}
