import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { User } from './sandbox.ts'

export interface TrialOptions {
  readonly command: readonly string[]
  /** The user that it runs as; the server's own when absent. */
  readonly user?: User | undefined
  readonly input?: string
  readonly deadlineMs: number
}

/** What became of a trial. */
export interface Trial {
  /** Its output; absent when it failed. */
  readonly output?: string
  /** Why it failed, one line. */
  readonly complaint?: string
  /** It failed for want of time, descriptors, processes or memory, so that another try may succeed. */
  readonly isInWant?: boolean
}

/** All environment variables of the commands that set up a sandbox: none of the server's. */
export const sandboxVariables: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
}

const wants =
  /EMFILE|ENFILE|EAGAIN|ENOMEM|Too many open files|Resource temporarily unavailable|Cannot allocate memory|Cannot fork/i

/** Runs a command of a trial to its end, or to the deadline. */
export async function runTrial({ command, user, input = '', deadlineMs }: TrialOptions): Promise<Trial> {
  const [file = '', ...args] = command
  // `unshare` waits with SIGTERM blocked: only SIGKILL ends a trial that hangs, and with it all that it started.
  const limits = { timeout: deadlineMs, killSignal: 'SIGKILL' } as const
  try {
    const child = spawn(file, args, { cwd: '/', env: sandboxVariables, stdio: 'pipe', ...user, ...limits })
    const ended = new Promise<{ complaint?: string; isLate?: boolean }>((resolve) => {
      child.once('error', (error) => resolve({ complaint: error.message }))
      child.once('close', (code, signal) => {
        if (signal === 'SIGKILL') resolve({ complaint: `did not end within ${deadlineMs / 1000} s`, isLate: true })
        else resolve(code === 0 ? {} : { complaint: `ended with status ${String(code ?? signal)}` })
      })
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    const [end, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
    if (end.complaint === undefined) return { output }
    const complaint = (end.isLate === true ? '' : errors.trim().split('\n')[0]) || end.complaint
    return { complaint, isInWant: end.isLate === true || wants.test(errors) || wants.test(complaint) }
  } catch (cause) {
    const { message } = cause as Error
    return { complaint: message, isInWant: wants.test(message) }
  }
}
