import { afterEach, describe, expect, test } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { standbyFor, supervise, variablesOf, type Supervised } from '../../supervisor/supervisor.harness.ts'

const client = join(dirname(fileURLToPath(import.meta.url)), 'bootstrap.rb')
const ruby = findRuby()
/** Skipped, by name, on machines without Ruby. */
const describeRuby = ruby === undefined ? describe.skip : describe

const started: Supervised[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.shutdown()))
})

async function start(files: string | Record<string, string>, handler = 'index.handler') {
  const environment = await supervise(typeof files === 'string' ? { 'index.rb': files } : files)
  started.push(environment)
  const variables = { ...variablesOf(environment.folder), _HANDLER: handler, LANG: 'C.UTF-8' }
  environment.assign({ command: [ruby ?? '', client], variables })
  return environment
}

const echo = 'def handler(event:, context:) = event'

describeRuby('a Ruby handler', () => {
  test.each<[string, string, Record<string, string>]>([
    ['a method of a file', 'index.handler', { 'index.rb': echo }],
    [
      'a method of a class',
      'index.App::Main.run',
      { 'index.rb': 'module App; class Main; def self.run(event:, context:) = event; end; end' },
    ],
    [
      'a file in a folder',
      'src/app.handler',
      { 'src/app.rb': `require_relative 'other'\n${echo}`, 'src/other.rb': '' },
    ],
  ])('is found: %s', async (_name, handler, files) => {
    expect((await (await start(files, handler)).invoke({ event: '{"a":[1,null]}' })).payload).toBe('{"a":[1,null]}')
  })

  test.each<[string, string, Record<string, string>, string, RegExp]>([
    ['no such file', 'gone.handler', {}, 'Init<LoadError>', /^cannot load such file -- gone$/],
    [
      'no such method',
      'index.gone',
      { 'index.rb': '' },
      'Function<NoMethodError>',
      /^undefined (local variable or )?method [`']gone'/,
    ],
    ['no name', 'index', {}, 'Init<ArgumentError>', /^Invalid handler \["index"\], must be of form/],
    ['broken syntax', 'index.handler', { 'index.rb': 'def (' }, 'Init<SyntaxError>', /index\.rb/],
  ])('or missed: %s', async (_name, handler, files, errorType, errorMessage) => {
    const { payload, response } = await (await start(files, handler)).invoke()
    expect(response.functionError).toBe('Unhandled')
    expect(Object.keys(JSON.parse(payload))).toEqual(['errorMessage', 'errorType', 'stackTrace'])
    expect(JSON.parse(payload)).toMatchObject({ errorType, errorMessage: expect.stringMatching(errorMessage) })
  })

  test('returns the event, for several invocations', async () => {
    const environment = await start(echo)
    for (const event of ['{"a":"é"}', '[]', '"x"', '1'])
      expect((await environment.invoke({ event })).payload).toBe(event)
  })

  test('returns nil as null', async () => {
    expect((await (await start('def handler(event:, context:) = nil')).invoke()).payload).toBe('null')
  })

  test('that raises fails and stays warm', async () => {
    const environment = await start(`$n = 0\ndef handler(event:, context:)\n  $n += 1\n  raise "failure #{$n}"\nend`)
    for (const round of [1, 2]) {
      const { payload, log } = await environment.invoke()
      expect(JSON.parse(payload)).toEqual({
        errorMessage: `failure ${round}`,
        errorType: 'Function<RuntimeError>',
        stackTrace: [expect.stringMatching(/index\.rb:4:in .*handler'$/)],
      })
      expect(log).toContain('\nError raised from handler method\n{\n')
    }
  })

  test('that exits fails and is restarted', async () => {
    const environment = await start(
      `$n = 0\ndef handler(event:, context:)\n  $n += 1\n  exit(3) if event['die']\n  $n\nend`,
    )
    expect((await environment.invoke()).payload).toBe('1')
    const { payload, done } = await environment.invoke({ event: '{"die":true}' })
    expect(JSON.parse(payload)).toMatchObject({ errorType: 'Function<SystemExit>', errorMessage: 'exit' })
    expect(done.status).toBe('error')
    expect((await environment.invoke()).payload).toBe('1')
  })

  test('gets a context, and prints', async () => {
    const environment = await start(`require 'logger'
def handler(event:, context:)
  puts 'plain'
  Logger.new($stdout).info('logged')
  [context.aws_request_id, context.function_name, context.function_version, context.memory_limit_in_mb, context.invoked_function_arn,
   context.log_group_name, context.client_context['custom'], context.get_remaining_time_in_millis > 0, ENV['_X_AMZN_TRACE_ID']]
end`)
    const { payload, done, log } = await environment.invoke({ clientContext: '{"custom":1}', traceId: 'Root=1' })
    expect(JSON.parse(payload)).toEqual([
      done.requestId,
      'f',
      '$LATEST',
      '512',
      'arn:aws:lambda:us-east-1:000000000000:function:f',
      '/aws/lambda/f',
      1,
      true,
      'Root=1',
    ])
    expect(log).toMatch(
      new RegExp(`\\nplain\\nI, \\[[-\\d]+T[:.\\d]+ #\\d+\\]  INFO ${done.requestId} -- : logged\\nEND`),
    )
  })
})

describeRuby('a Ruby standby runtime', () => {
  test("becomes the function's: its variables, its folder, and its gems' paths", async () => {
    const command = [ruby ?? '', client]
    const environment = await supervise(
      {
        'index.rb': `def handler(event:, context:)
  { commandLine: File.read('/proc/self/cmdline'), argv: ARGV, cwd: Dir.pwd, variables: ENV.to_h, gems: Gem.path }
end`,
      },
      () => standbyFor(command, { LEFT: 'over' }),
    )
    started.push(environment)
    const gems = `${environment.folder}/gems`
    const variables = { ...variablesOf(environment.folder), MINE: 'é\n1', GEM_PATH: gems }
    environment.assign({ command, variables, timeoutMs: 20_000 })
    const found = JSON.parse((await environment.invoke()).payload) as Record<string, unknown>
    expect(found).toMatchObject({ argv: [], cwd: environment.folder, variables })
    expect(found['commandLine']).toContain('--standby')
    expect(found['variables']).not.toHaveProperty('LEFT')
    expect(found['gems']).toContain(gems)
  })
})

function findRuby(): string | undefined {
  try {
    return execFileSync('ruby', ['-e', 'puts RbConfig.ruby'], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}
