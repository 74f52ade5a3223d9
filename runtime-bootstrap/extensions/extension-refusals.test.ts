import { afterEach, expect, test } from '@jest/globals'
import { supervise, type Supervised } from '../supervisor/supervisor.harness.ts'
import { extension, filesOf, saidBy } from './extension.harness.ts'

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

/** What an extension gets for each of its requests. `code` calls `tell` with answers before the first `next`. */
async function answersTo(code: string, others: Record<string, string> = {}): Promise<unknown[][]> {
  const probe = extension(`const tell = ({ status, text }) => {
      const { errorType, errorMessage } = text.startsWith('{') ? JSON.parse(text) : {}
      say([status, errorType, errorMessage].filter((each) => each !== undefined))
    }
    const as = (name, body) => ask('POST', extension + 'register', name === undefined ? {} : { 'Lambda-Extension-Name': name }, body)
    ${code}`)
  const supervised = await supervise({
    'index.js': 'exports.handler = async () => 1',
    ...filesOf({ probe, ...others }),
  })
  started.push(supervised)
  supervised.assign()
  await supervised.invoke()
  return saidBy('probe', supervised.log()).map((line) => JSON.parse(line) as unknown[])
}

const unknownId = '00000000-0000-4000-8000-000000000000'

test("an invalid registration is rejected with AWS's text, the name's fault first, and changes nothing", async () => {
  const told = await answersTo(`
    tell(await as(undefined, 'nonsense'))
    tell(await as('probe', { events: ['INVOKE'], configurationKeys: ['x'] }))
    tell(await as('probe', { events: ['INVOKE', 'invoke'] }))
    tell(await as('inner', { events: ['SHUTDOWN'] }))
    tell(await as('probe', 'null')); tell(await as('probe', '{"events":1}')); tell(await as('probe', '{'))
    tell(await register(['INVOKE', 'INVOKE', 'SHUTDOWN']))
    tell(await as('probe', { events: [] }))
    const inner = await as('inner', { events: null })
    tell(inner)
    tell(await as('inner', { events: ['INVOKE'] }))
    void ask('GET', extension + 'event/next', { 'Lambda-Extension-Identifier': inner.headers['lambda-extension-identifier'] })
    await next()`)
  const formats = told.splice(4, 3)
  expect(formats.map(([status, type]) => [status, type])).toEqual(Array(3).fill([403, 'InvalidRequestFormat']))
  expect(told).toEqual([
    [403, 'Extension.InvalidExtensionName', 'Empty extension name'],
    [403, 'InvalidRequestFormat', 'configurationKeys are deprecated; use environment variables instead'],
    [403, 'Extension.InvalidEventType', 'invoke: ErrorInvalidEventType'],
    [403, 'Extension.InvalidEventType', 'SHUTDOWN: ShutdownEventNotSupportedForInternalExtension'],
    [200],
    [
      403,
      'Extension.InvalidExtensionState',
      'State transition from Registered to Registered failed for extension probe. Error: State transition is not allowed',
    ],
    [200],
    [403, 'Extension.InvalidExtensionState', 'Extension with this name already registered'],
  ])
  expect(started[0]!.log()).toContain('EXTENSION\tName: probe\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n')
})

test('more than ten extensions are rejected', async () => {
  const told = await answersTo(`const ids = []
    for (let i = 0; i < 10; i++) { const answer = await as('inner' + i, {}); tell(answer); ids.push(answer.headers['lambda-extension-identifier']) }
    for (const id of ids) if (id) void ask('GET', extension + 'event/next', { 'Lambda-Extension-Identifier': id })
    await register([]); await next()`)
  expect(told).toEqual([...Array(9).fill([200]), [403, 'Extension.TooManyExtensions', 'Extension limit (10) reached']])
})

test("registration is closed after the runtime's first request for an event", async () => {
  const told = await answersTo(`await register(['INVOKE']); await next(); tell(await as('late', {})); await next()`)
  expect(told).toEqual([[403, 'Extension.RegistrationClosed', 'Extension registration closed already']])
})

test('a missing, invalid or unknown identifier is rejected, before the error type is checked', async () => {
  const told = await answersTo(`
    const errorType = { 'Lambda-Extension-Function-Error-Type': 'Extension.X' }
    for (const path of ['event/next', 'init/error', 'exit/error']) {
      const method = path === 'event/next' ? 'GET' : 'POST'
      tell(await ask(method, extension + path, errorType))
      tell(await ask(method, extension + path, { 'Lambda-Extension-Identifier': 'x', ...errorType }))
      tell(await ask(method, extension + path, { 'Lambda-Extension-Identifier': '${unknownId}' }))
    }
    await register([]); tell(await ask('POST', extension + 'init/error')); await next()`)
  const [missing, invalid] = [
    [403, 'Extension.MissingExtensionIdentifier', 'Missing Lambda-Extension-Identifier header'],
    [403, 'Extension.InvalidExtensionIdentifier', 'Invalid Lambda-Extension-Identifier'],
  ]
  const unknown = [403, 'Extension.UnknownExtensionIdentifier', 'Unknown Lambda-Extension-Identifier']
  expect(told).toEqual([
    missing,
    invalid,
    [403, 'Extension.UnknownExtensionIdentifier', `Unknown extension ${unknownId}`],
    missing,
    invalid,
    unknown,
    missing,
    invalid,
    unknown,
    [403, 'Extension.MissingHeader', 'Lambda-Extension-Function-Error-Type not found'],
  ])
})

test('requests in the wrong order are rejected: next twice, and an init error after the first event', async () => {
  const told = await answersTo(`await register(['INVOKE']); const first = next()
    await new Promise((resolve) => setImmediate(resolve)); tell(await next()); tell(await fail('init', 'X'))
    await first; tell(await fail('init', 'X')); await next()`)
  const text = (from: string, to: string) =>
    `State transition from ${from} to ${to} failed for extension probe. Error: State transition is not allowed`
  expect(told).toEqual([
    [403, 'Extension.InvalidExtensionState', text('Ready', 'Ready')],
    [403, 'Extension.InvalidExtensionState', text('Ready', 'InitError')],
    [403, 'Extension.InvalidExtensionState', text('Running', 'InitError')],
  ])
})

test('an extension whose connection broke requests again and misses no event', async () => {
  const told = await answersTo(`await register(['INVOKE'])
    const lost = http.request({ host, port, path: extension + 'event/next', headers: { 'Lambda-Extension-Identifier': id } })
    lost.on('error', () => undefined).on('socket', (socket) => socket.on('connect', () => setTimeout(() => lost.destroy(), 20))).end()
    await new Promise((resolve) => lost.on('close', resolve))
    tell(await next()); await next()`)
  expect(told).toEqual([[200]])
})

test('more extension files than allowed are a launch error', async () => {
  const others = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [`z${index}`, extension('await register([]); await next()')]),
  )
  await answersTo('await register([]); await next()', others)
  expect(started[0]!.log()).toMatch(
    /EXTENSION\tName: z9\tState: LaunchError\tEvents: \[\]\tError Type: TooManyExtensions\n/,
  )
})
