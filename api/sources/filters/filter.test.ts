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

  test.each([
    ['text with a pattern for text', '{"value":[{"anything-but":["error"]}],"topic":["t"]}', 'ok', true],
    ['other text with a pattern for text', '{"value":[{"anything-but":["error"]}],"topic":["t"]}', 'error', false],
    ['JSON with a pattern for text, by the other keys', '{"value":["x"],"topic":["t"]}', '{"a":"y"}', true],
    ['JSON with a pattern for text and other keys', '{"value":["x"],"topic":["u"]}', '{"a":"x"}', false],
    [
      'bytes that are no text with a pattern for JSON',
      '{"value":{"a":["x"]},"topic":["t"]}',
      Buffer.from([0xff]),
      true,
    ],
    ['bytes that are no text with a pattern for text', '{"value":["x"],"topic":["t"]}', Buffer.from([0xff]), true],
    ['bytes that are no text with other keys', '{"value":["x"],"topic":["u"]}', Buffer.from([0xff]), false],
  ])('matches %s of Kafka (reference 8.6)', (_name, pattern, value, isWanted) => {
    const passes = createFilter([pattern], { key: 'value', fallsBackToMetadata: true })
    expect(passes({ topic: 't' }, value)).toBe(isWanted)
  })

  test('matches the other keys of a message whose body is of another format only when the pattern has none for it', () => {
    expect(sqs('{"body":{"a":["x"]},"eventSource":["aws:sqs"]}')({ eventSource: 'aws:sqs' }, 'text')).toBe(false)
    expect(sqs('{"body":["x"],"eventSource":["aws:sqs"]}')({ eventSource: 'aws:sqs' }, '{"a":"x"}')).toBe(false)
    expect(sqs('{"eventSource":["aws:sqs"]}')({ eventSource: 'aws:sqs' }, 'text')).toBe(true)
  })

  test('matches attributes of a table in their types, also those in lists', () => {
    const change = { NewImage: { tags: { L: [{ S: 'Sales' }, { S: 'Support' }] }, number: { N: '101' } } }
    const passes = (image: string) =>
      createFilter([`{"dynamodb":{"NewImage":${image}}}`], { key: 'dynamodb' })({}, change)
    expect(passes('{"tags":{"L":{"S":[{"exists":true}]}}}')).toBe(true)
    expect(passes('{"tags":[{"exists":true}]}')).toBe(false)
    expect(passes('{"tags":{"L":{"S":["Support"]}}}')).toBe(true)
    expect(passes('{"number":{"N":["101"]}}')).toBe(true)
    expect(passes('{"number":{"N":[{"numeric":["=",101]}]}}')).toBe(false)
  })

  test('matches records that are objects', () => {
    const passes = createFilter(['{"dynamodb":{"NewImage":{"n":{"N":["1"]}}},"eventName":["INSERT"]}'], {
      key: 'dynamodb',
    })
    const change = { NewImage: { n: { N: '1' } } }
    expect([passes({ eventName: 'INSERT' }, change), passes({ eventName: 'REMOVE' }, change)]).toEqual([true, false])
  })
})
