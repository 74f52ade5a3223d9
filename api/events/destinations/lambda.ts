import { createHash } from 'node:crypto'
import { partsOfArn } from '../../aws/arn-parts.ts'
import type { Home } from '../../functions/function/arn.ts'
import type { QueuedEvent } from '../queue/event-queue.ts'
import type { SettingsOf } from '../outcomes/event-settings.ts'
import { Undeliverable, type Deliver } from '../outcomes/destination-message.ts'

export interface LambdaDestinationParts extends Home {
  /** Stores an event durably. An id that exists is not added again. */
  readonly accept: (event: QueuedEvent) => Promise<void>
  readonly settingsOf: SettingsOf
  readonly now: () => number
}

/** Invokes functions of this server with the record, asynchronously. The same record has the same request id. */
export function createLambda(parts: LambdaDestinationParts): Deliver {
  return async ({ targetArn, body, eventId, traceHeader }) => {
    const { region, accountId, resource } = partsOfArn(targetArn)
    const [, functionName = '', qualifier] = resource.split(':')
    if (region !== parts.region || accountId !== parts.accountId) {
      throw new Undeliverable(`${targetArn} is not on this server.`)
    }
    if ((await parts.settingsOf(functionName, qualifier)) === undefined) {
      throw new Error(`${targetArn} does not exist.`)
    }
    await parts.accept({
      id: requestIdOf(eventId, targetArn),
      functionName,
      functionArn: targetArn,
      payload: Buffer.from(body),
      traceId: traceHeader,
      acceptedMs: parts.now(),
      ...(qualifier === undefined ? {} : { qualifier }),
    })
  }
}

/** A UUID that is always the same for an event and a target. */
function requestIdOf(eventId: string, targetArn: string): string {
  const digits = createHash('sha256').update(`${eventId} ${targetArn}`).digest('hex')
  const variant = `8${digits.slice(17, 20)}`
  return [digits.slice(0, 8), digits.slice(8, 12), `4${digits.slice(13, 16)}`, variant, digits.slice(20, 32)].join('-')
}
