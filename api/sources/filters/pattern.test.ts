import { describe, expect, test } from '@jest/globals'
import { InvalidPattern, matchesPattern, parsePattern } from './pattern.ts'
import { parseExactly } from './exact-json.ts'

/** Whether the event, given as JSON text, matches the pattern. */
function fits(pattern: string, event: string): boolean {
  return matchesPattern(parsePattern(pattern), parseExactly(event))
}

describe('event patterns', () => {
  test.each([
    ['a text of the list', '{"a":["x","y"]}', '{"a":"y","b":1}', '{"a":"z"}'],
    ['null', '{"a":[null]}', '{"a":null}', '{"a":""}'],
    ['the empty text', '{"a":[""]}', '{"a":""}', '{"a":null}'],
    ['true, not its text', '{"a":[true]}', '{"a":true}', '{"a":"true"}'],
    ['a number, not its text', '{"a":[300]}', '{"a":300}', '{"a":"300"}'],
    ['a number in the form it is written in', '{"a":[300]}', '{"a":300}', '{"a":300.0}'],
    ['all keys', '{"a":["x"],"b":["y"]}', '{"a":"x","b":"y"}', '{"a":"x"}'],
    ['nested keys', '{"a":{"b":{"c":["x"]}}}', '{"a":{"b":{"c":"x"}}}', '{"a":{"b":"x"}}'],
    ['any element of a list', '{"a":["x"]}', '{"a":["y","x"]}', '{"a":["y"]}'],
    ['any object of a list', '{"a":{"b":["x"]}}', '{"a":[{"b":"y"},{"b":"x"}]}', '{"a":[{"b":"y"}]}'],
    [
      'one object of a list with all',
      '{"a":{"b":["x"],"c":[1]}}',
      '{"a":[{"b":"x","c":1}]}',
      '{"a":[{"b":"x"},{"c":1}]}',
    ],
    ['prefix', '{"a":[{"prefix":"us-"}]}', '{"a":"us-east-1"}', '{"a":"eu-us-"}'],
    ['prefix without case', '{"a":[{"prefix":{"equals-ignore-case":"US-"}}]}', '{"a":"us-East"}', '{"a":"eu"}'],
    ['suffix', '{"a":[{"suffix":".png"}]}', '{"a":"x.png"}', '{"a":".png.txt"}'],
    ['suffix without case', '{"a":[{"suffix":{"equals-ignore-case":".PNG"}}]}', '{"a":"x.pNg"}', '{"a":"x.jpg"}'],
    ['texts without case', '{"a":[{"equals-ignore-case":"Abc"}]}', '{"a":"aBC"}', '{"a":"abcd"}'],
    ['numeric =', '{"a":[{"numeric":["=",300]}]}', '{"a":3e2}', '{"a":301}'],
    ['numeric range', '{"a":[{"numeric":[">",0,"<=",5]}]}', '{"a":5}', '{"a":0}'],
    ['numeric of numbers only', '{"a":[{"numeric":[">=",0]}]}', '{"a":0}', '{"a":"0"}'],
    ['numeric <', '{"a":[{"numeric":["<",-1.5]}]}', '{"a":-2}', '{"a":-1.5}'],
    ['exists', '{"a":[{"exists":true}]}', '{"a":null}', '{"b":1}'],
    ['exists of leaves only', '{"a":[{"exists":true}]}', '{"a":[1]}', '{"a":{"b":1}}'],
    ['absence', '{"a":[{"exists":false}]}', '{"b":1}', '{"a":0}'],
    ['absence below what is absent', '{"a":{"b":[{"exists":false}]}}', '{}', '{"a":{"b":1}}'],
    ['absence or a value', '{"a":["x",{"exists":false}]}', '{}', '{"a":"y"}'],
    ['anything but a text', '{"a":[{"anything-but":"x"}]}', '{"a":"y"}', '{"a":"x"}'],
    ['anything but what is absent', '{"a":[{"anything-but":"x"}]}', '{"a":5}', '{}'],
    ['anything but a list', '{"a":[{"anything-but":["x",5]}]}', '{"a":6}', '{"a":5}'],
    ['anything but a prefix', '{"a":[{"anything-but":{"prefix":"x"}}]}', '{"a":"ax"}', '{"a":"xa"}'],
    ['anything but prefixes', '{"a":[{"anything-but":{"prefix":["x","y"]}}]}', '{"a":"z"}', '{"a":"y1"}'],
    ['anything but a suffix', '{"a":[{"anything-but":{"suffix":"x"}}]}', '{"a":"xa"}', '{"a":"ax"}'],
    ['anything but suffixes', '{"a":[{"anything-but":{"suffix":[".a",".b"]}}]}', '{"a":"x.c"}', '{"a":"x.b"}'],
    ['anything but without case', '{"a":[{"anything-but":{"equals-ignore-case":["X"]}}]}', '{"a":"y"}', '{"a":"x"}'],
    [
      'anything but a wildcard',
      '{"a":[{"anything-but":{"wildcard":"*/lib/*"}}]}',
      '{"a":"a/src/b"}',
      '{"a":"a/lib/b"}',
    ],
    ['IPv4 networks', '{"a":[{"cidr":"10.0.0.0/24"}]}', '{"a":"10.0.0.255"}', '{"a":"10.0.1.1"}'],
    ['IPv6 networks', '{"a":[{"cidr":"2001:db8::/32"}]}', '{"a":"2001:db8::1"}', '{"a":"10.0.0.1"}'],
    ['wildcards', '{"a":[{"wildcard":"a*b*c"}]}', '{"a":"a-b-b-c"}', '{"a":"a-c"}'],
    ['wildcards, each letter used once', '{"a":[{"wildcard":"ab*ba"}]}', '{"a":"abba"}', '{"a":"aba"}'],
    ['wildcards at both ends', '{"a":[{"wildcard":"*x*"}]}', '{"a":"x"}', '{"a":"y"}'],
    ['a star of its own', '{"a":[{"wildcard":"a\\\\*b"}]}', '{"a":"a*b"}', '{"a":"acb"}'],
    ['a choice', '{"$or":[{"a":["x"]},{"b":["y"]}]}', '{"b":"y"}', '{"a":"y"}'],
    ['a choice beside keys', '{"c":["z"],"$or":[{"a":["x"]},{"b":["y"]}]}', '{"a":"x","c":"z"}', '{"a":"x"}'],
    ['a nested choice', '{"d":{"$or":[{"a":["x"]},{"b":[1]}]}}', '{"d":{"b":1}}', '{"a":"x"}'],
    ['keys that JavaScript knows', '{"toString":[{"exists":true}]}', '{"toString":1}', '{}'],
    ['of keys given twice the last', '{"a":["x"],"a":["y"]}', '{"a":"y"}', '{"a":"x"}'],
  ])('find %s', (_name, pattern, fitting, other) => {
    expect([fits(pattern, fitting), fits(pattern, other)]).toEqual([true, false])
  })

  test.each([
    'no JSON',
    '[]',
    '"a"',
    'null',
    '{"a":"x"}',
    '{"a":1}',
    '{"a":[]}',
    '{"a":{}}',
    '{"a":[["x"]]}',
    '{"a":[{"unknown":"x"}]}',
    '{"a":[{"prefix":5}]}',
    '{"a":[{"prefix":"a","suffix":"b"}]}',
    '{"a":[{"prefix":{"suffix":"b"}}]}',
    '{"a":[{"exists":"true"}]}',
    '{"a":[{"numeric":[]}]}',
    '{"a":[{"numeric":[">"]}]}',
    '{"a":[{"numeric":["!=",5]}]}',
    '{"a":[{"numeric":["=","5"]}]}',
    '{"a":[{"anything-but":[]}]}',
    '{"a":[{"anything-but":null}]}',
    '{"a":[{"anything-but":{"numeric":["=",1]}}]}',
    '{"a":[{"cidr":"10.0.0.0/33"}]}',
    '{"a":[{"cidr":"10.0.0.0"}]}',
    '{"a":[{"wildcard":"a**b"}]}',
    String.raw`{"a":[{"wildcard":"a\\b"}]}`,
  ])('refuse %s', (pattern) => {
    expect(() => parsePattern(pattern)).toThrow(InvalidPattern)
  })

  test('are quick with wildcards that make others slow', () => {
    const pattern = parsePattern(`{"a":[{"wildcard":"${'*a'.repeat(1000)}b"}]}`)
    expect(matchesPattern(pattern, { a: 'a'.repeat(100_000) })).toBe(false)
  })
})
