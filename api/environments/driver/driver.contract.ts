import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { Driver, EnvironmentSpec } from './driver.ts'
import { RuntimeUnavailable } from './driver.ts'
import { Environment } from '../environment/environment.ts'

/** A driver under test whose environments run the shell commands that events name, as the function would. */
export interface DriverUnderTest {
  readonly driver: Driver
  readonly spec: EnvironmentSpec
  close(): Promise<void>
}

export interface Answer {
  readonly pid: number
  readonly output: string
  readonly errors: string
}

/** Runs one shell command as a function of this environment. */
export async function runShell(environment: Environment, shell: string): Promise<Answer> {
  const payload = Buffer.from(JSON.stringify({ shell }))
  const result = await environment.invoke({ requestId: randomUUID(), functionArn: 'arn', payload, tail: true })
  return JSON.parse(Buffer.from(result.payload).toString()) as Answer
}

/** A new environment of this spec, assigned. */
export async function launchEnvironment(driver: Driver, spec: EnvironmentSpec): Promise<Environment> {
  const events = { onFree: () => undefined, onGone: () => undefined, onLog: () => undefined }
  return new Environment(await driver.launch(spec), events, () => performance.now())
}

/** Resolves once the condition holds; the test's own limit is the deadline. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** What every driver promises. */
export function driverContract(name: string, start: () => Promise<DriverUnderTest>): void {
  describe(`${name} keeps the driver's promises`, () => {
    let subject: DriverUnderTest
    const launch = (spec: EnvironmentSpec = subject.spec) => launchEnvironment(subject.driver, spec)

    beforeAll(async () => {
      subject = await start()
    })
    afterAll(() => subject.close())

    test('a launched environment runs in the folder of its code', async () => {
      const environment = await launch()
      const answer = await runShell(environment, 'cat handler.txt; cat "$LAMBDA_TASK_ROOT/handler.txt"')
      expect(answer.output).toBe('the code\nthe code\n')
      environment.kill('test')
    })

    test("the function's variables and AWS's are there, and nothing of the server's", async () => {
      const environment = await launch()
      const { output } = await runShell(environment, 'echo "$GREETING $AWS_LAMBDA_FUNCTION_NAME $_HANDLER $HOME"')
      expect(output).toBe('hello hello handler \n')
      environment.kill('test')
    })

    test('temporary files stay with their environment', async () => {
      const [first, second] = await Promise.all([launch(), launch()])
      await runShell(first, 'echo mine >"${TMPDIR:-/tmp}/kubelambda-contract"')
      const own = await runShell(first, 'cat "${TMPDIR:-/tmp}/kubelambda-contract"')
      const other = await runShell(second, 'cat "${TMPDIR:-/tmp}/kubelambda-contract"')
      expect([own.output, other.output]).toEqual(['mine\n', ''])
      first.kill('test')
      second.kill('test')
    })

    test('killing ends what the function left running', async () => {
      const marker = `86${String(process.pid)}`
      const environment = await launch()
      await runShell(environment, `sleep ${marker} >/dev/null 2>&1 & setsid sleep ${marker} >/dev/null 2>&1 &`)
      expect(sleepersOf(marker).length).toBeGreaterThan(0)
      environment.kill('test')
      await environment.gone
      await until(() => sleepersOf(marker).length === 0)
    })

    test('killing twice is safe', async () => {
      const environment = await launch()
      environment.kill('test')
      environment.launched.kill()
      await environment.gone
    })

    test('a runtime that cannot run here is refused with the reason', async () => {
      const launched = subject.driver.launch({ ...subject.spec, runtime: 'cobol85' })
      await expect(launched).rejects.toBeInstanceOf(RuntimeUnavailable)
    })
  })
}

/** The processes of this machine that sleep for this many seconds. */
export function sleepersOf(seconds: string): number[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  return pids.filter((pid) => commandOf(pid) === `sleep\0${seconds}\0`).map(Number)
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
