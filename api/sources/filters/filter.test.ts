import { describe, expect, test } from '@jest/globals'
import { createFilter } from './filter.ts'

describe('the filter of a mapping', () => {
  const sqs = (...patterns: string[]) => createFilter(patterns, { key: 'body' })

  test('passes everything without a pattern', () => {
    expect(sqs()({}, 'anything')).toBe(true)
  })

  test('passes a record that matches one of several patterns', () => {
    const passes = sqs('{"body":{"a":["x"]}}', '{"body":{"a":["y"]}}')
    expect([passes({}, '{"a":"y"}'), passes({}, '{"a":"z"}')]).toEqual([true, false])
  })

  test.each([
    ['plain text with a plain pattern', '{"body":["hello"]}', 'hello', true],
    ['other plain text with a plain pattern', '{"body":["hello"]}', 'bye', false],
    ['plain text with a prefix', '{"body":[{"prefix":"he"}]}', 'hello', true],
    ['plain text with a pattern for JSON', '{"body":{"a":["x"]}}', 'hello', false],
    ['plain text with a pattern for what JSON lacks', '{"body":{"a":[{"exists":false}]}}', 'hello', false],
    ['JSON with a plain pattern', '{"body":["hello"]}', '{"a":"hello"}', false],
    ['JSON with a pattern for JSON', '{"body":{"a":["x"]}}', '{"a":"x"}', true],
    ['JSON with numbers as written', '{"body":{"a":[1]}}', '{"a":1.0}', false],
    ['any data with a pattern of other keys', '{"messageAttributes":{"k":{"stringValue":["v"]}}}', 'hello', true],
  ])('matches %s (reference 8.6)', (_name, pattern, body, isWanted) => {
    expect(sqs(pattern)({ messageAttributes: { k: { stringValue: 'v' } } }, body)).toBe(isWanted)
  })

  test('matches Kafka records that are not JSON by their other keys', () => {
    const passes = createFilter(['{"topic":["t"],"value":{"a":["x"]}}'], { key: 'value', fallsBackToMetadata: true })
    expect(passes({ topic: 't' }, 'no JSON')).toBe(true)
    expect(passes({ topic: 'u' }, 'no JSON')).toBe(false)
    expect(passes({ topic: 't' }, '{"a":"y"}')).toBe(false)
  })

  test('matches records that are objects', () => {
    const passes = createFilter(['{"dynamodb":{"NewImage":{"n":{"N":["1"]}}},"eventName":["INSERT"]}'], {
      key: 'dynamodb',
    })
    const change = { NewImage: { n: { N: '1' } } }
    expect([passes({ eventName: 'INSERT' }, change), passes({ eventName: 'REMOVE' }, change)]).toEqual([true, false])
  })
})
