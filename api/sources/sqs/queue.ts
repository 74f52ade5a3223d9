import { AwsRefusal, type AwsServices } from '../../aws/services.ts'
import { SourceFault } from '../polling/source.ts'
import type { SqsMessage } from './message.ts'

/** The operations of a queue that polling uses. Refusals are thrown as `SourceFault` with AWS's text. */
export interface SqsQueue {
  /** The visibility timeout of the queue; 30 s by default. */
  visibilitySeconds(signal?: AbortSignal): Promise<number>
  receive(how: Receive, signal: AbortSignal): Promise<SqsMessage[]>
  /** Deletes messages. */
  remove(messages: readonly SqsMessage[]): Promise<void>
  /** Makes messages visible at once. Those that are visible already are ignored. */
  giveBack(messages: readonly SqsMessage[]): Promise<void>
}

export interface Receive {
  readonly most: number
  readonly waitSeconds: number
  /** The visibility timeout of received messages. */
  readonly visibilitySeconds: number
}

/** Maximum messages that one call receives or deletes. */
export const maxPerCall = 10

/** Finds the queue with this ARN; the signal only aborts the lookup. */
export async function openSqsQueue(arn: string, services: AwsServices, finding?: AbortSignal): Promise<SqsQueue> {
  const [, , , region = '', accountId = '', name = ''] = arn.split(':')
  const call = async <Answer>(action: string, input: object, signal?: AbortSignal): Promise<Answer> => {
    const given = signal === undefined ? {} : { signal }
    try {
      return (await services.call({ service: 'sqs', region, target: `AmazonSQS.${action}`, input, ...given })) as Answer
    } catch (error) {
      throw error instanceof AwsRefusal ? faultOf(action, error) : error
    }
  }
  const found = { QueueName: name, QueueOwnerAWSAccountId: accountId }
  const { QueueUrl } = await call<{ QueueUrl: string }>('GetQueueUrl', found, finding)
  const callForEach = async (action: string, messages: readonly SqsMessage[], change: object): Promise<void> => {
    for (let index = 0; index < messages.length; index += maxPerCall) {
      const part = messages.slice(index, index + maxPerCall)
      const Entries = part.map(({ ReceiptHandle }, number) => ({ Id: String(number), ReceiptHandle, ...change }))
      await call(action, { QueueUrl, Entries })
    }
  }
  return {
    async visibilitySeconds(signal) {
      const asked = { QueueUrl, AttributeNames: ['VisibilityTimeout'] }
      const { Attributes } = await call<{ Attributes?: Record<string, string> }>('GetQueueAttributes', asked, signal)
      return Number(Attributes?.['VisibilityTimeout'] ?? 30)
    },
    async receive({ most, waitSeconds, visibilitySeconds }, signal) {
      const input = {
        QueueUrl,
        MaxNumberOfMessages: most,
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: visibilitySeconds,
        AttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }
      return (await call<{ Messages?: SqsMessage[] }>('ReceiveMessage', input, signal)).Messages ?? []
    },
    remove: (messages) => callForEach('DeleteMessageBatch', messages, {}),
    giveBack: (messages) => callForEach('ChangeMessageVisibilityBatch', messages, { VisibilityTimeout: 0 }),
  }
}

/** Error names of SQS's older protocol, which Lambda shows. */
const olderCodes: ReadonlyMap<string, string> = new Map([
  ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'],
  ['AccessDeniedException', 'AccessDenied'],
])

function faultOf(action: string, { code, message }: AwsRefusal): SourceFault {
  const shown = action.startsWith('GetQueue') ? 'ReceiveMessage' : action
  const text = code === 'QueueDoesNotExist' ? 'The specified queue does not exist.' : message
  return new SourceFault(
    `Error occurred while ${shown}. SQS Error Code: ${olderCodes.get(code) ?? code}. SQS Error Message: ${text}`,
  )
}
