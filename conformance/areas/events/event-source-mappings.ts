import assert from 'node:assert/strict'
import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  type EventSourceMappingConfiguration,
} from '@aws-sdk/client-lambda'
import { Skipped, type Area } from '../../case/case.ts'
import { badParameter, conflict, notFound, refuses } from '../../case/expect.ts'
import type { CaseContext } from '../../case/case-context.ts'

const missing = notFound('The resource you requested does not exist.')

/** The API of event source mappings, not what they do. On AWS the sources would have to be there, so that less is asked. */
export const eventSourceMappings: Area = {
  name: 'event-source-mappings',
  cases: [
    {
      name: 'a mapping of a queue is created, shown, changed and deleted, each with its state',
      run: (lambda) =>
        withMapping(lambda, {}, async (created, { name, queue }) => {
          const { UUID = '' } = created
          assert.equal(created.State, 'Creating')
          assert.deepEqual(
            [created.EventSourceArn, created.FunctionArn, created.BatchSize, created.MaximumBatchingWindowInSeconds],
            [queue, lambda.arn(name), 10, 0],
          )
          assert.deepEqual([created.FunctionResponseTypes, created.StateTransitionReason], [[], 'USER_INITIATED'])
          assert.ok(created.LastModified instanceof Date)
          assert.equal((await settled(lambda, UUID)).State, 'Enabled')
          const update = (members: object) =>
            lambda.client.send(new UpdateEventSourceMappingCommand({ UUID, ...members }))
          const updated = await update({ BatchSize: 5 })
          assert.deepEqual([updated.$metadata.httpStatusCode, updated.State, updated.BatchSize], [202, 'Updating', 5])
          await settled(lambda, UUID)
          assert.equal((await update({ Enabled: false })).State, 'Disabling')
          assert.equal((await settled(lambda, UUID)).State, 'Disabled')
          assert.equal((await update({ Enabled: true })).State, 'Enabling')
        }),
    },
    {
      name: 'a mapping created disabled is disabled at once, and outlives its function',
      run: (lambda) =>
        withMapping(lambda, { Enabled: false }, async ({ State, UUID = '' }, { name }) => {
          assert.equal(State, 'Disabled')
          await lambda.client.send(new DeleteFunctionCommand({ FunctionName: name }))
          assert.equal((await settled(lambda, UUID)).FunctionArn, lambda.arn(name))
        }),
    },
    {
      name: 'a second mapping of the same queue and function is a conflict',
      run: (lambda) =>
        withMapping(lambda, {}, async ({ UUID = '' }, { name, queue }) => {
          const call = lambda.client.send(
            new CreateEventSourceMappingCommand({ FunctionName: name, EventSourceArn: queue }),
          )
          await refuses(
            call,
            conflict(
              `An event source mapping with SQS arn (" ${queue} ") and function (" ${name} ") already exists. ` +
                `Please update or delete the existing mapping with UUID ${UUID}`,
            ),
          )
        }),
    },
    {
      name: 'ListEventSourceMappings filters by source and function, and pages',
      run: (lambda) =>
        withMapping(lambda, {}, (one, { queue }) =>
          withMapping(lambda, { EventSourceArn: queue }, async (other, { name }) => {
            const list = async (members: object) => {
              const page = await lambda.client.send(
                new ListEventSourceMappingsCommand({ EventSourceArn: queue, ...members }),
              )
              return { ids: page.EventSourceMappings?.map(({ UUID }) => UUID) ?? [], marker: page.NextMarker }
            }
            assert.deepEqual((await list({ FunctionName: name })).ids, [other.UUID])
            const first = await list({ MaxItems: 1 })
            const rest = await list({ Marker: first.marker })
            assert.deepEqual([...first.ids, ...rest.ids].sort(), [one.UUID, other.UUID].sort())
            assert.equal(rest.marker, undefined)
          }),
        ),
    },
    {
      name: 'an unknown mapping is not found',
      run: async (lambda) => {
        const UUID = '00000000-1111-2222-3333-444444444444'
        await refuses(lambda.client.send(new GetEventSourceMappingCommand({ UUID })), missing)
        await refuses(lambda.client.send(new UpdateEventSourceMappingCommand({ UUID, BatchSize: 1 })), missing)
        await refuses(lambda.client.send(new DeleteEventSourceMappingCommand({ UUID })), missing)
      },
    },
    {
      name: 'what no source can have is refused',
      run: async (lambda) => {
        const name = await lambda.create('hello-node')
        const create = (members: Partial<CreateEventSourceMappingCommandInput>) =>
          lambda.client.send(
            new CreateEventSourceMappingCommand({ FunctionName: name, EventSourceArn: queueArn(lambda), ...members }),
          )
        await refuses(
          lambda.client.send(new CreateEventSourceMappingCommand({ FunctionName: name })),
          badParameter('Unrecognized event source.'),
        )
        await refuses(create({ FunctionName: lambda.newName() }), badParameter('Function does not exist'))
        const { region, accountId } = lambda.target
        await refuses(
          create({ EventSourceArn: `arn:aws:kinesis:${region}:${accountId}:stream/none` }),
          badParameter(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: " +
              'Member must not be null.',
          ),
        )
        await refuses(
          create({ BatchSize: 11 }),
          badParameter(
            'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
          ),
        )
        await refuses(
          create({ FilterCriteria: { Filters: [{ Pattern: '{"a":1}' }] } }),
          badParameter('Invalid filter pattern definition.'),
        )
        await refuses(
          create({ DestinationConfig: { OnFailure: { Destination: queueArn(lambda) } } }),
          badParameter('Unsupported DestinationConfig parameter for given event source mapping type.'),
        )
      },
    },
  ],
}

function queueArn({ target }: CaseContext): string {
  return `arn:aws:sqs:${target.region}:${target.accountId}:${target.prefix}-queue`
}

interface Around {
  readonly name: string
  readonly queue: string
}

/** Runs with a mapping that is deleted in the end. */
async function withMapping(
  lambda: CaseContext,
  members: Partial<CreateEventSourceMappingCommandInput>,
  run: (created: EventSourceMappingConfiguration, around: Around) => Promise<void>,
): Promise<void> {
  if (lambda.target.isAws) throw new Skipped('the queue would have to be there')
  const name = await lambda.create('hello-node')
  const queue = members.EventSourceArn ?? `${queueArn(lambda)}-${name}`
  const created = await lambda.client.send(
    new CreateEventSourceMappingCommand({ FunctionName: name, EventSourceArn: queue, ...members }),
  )
  const { UUID = '' } = created
  try {
    assert.equal(created.$metadata.httpStatusCode, 202)
    await run(created, { name, queue })
  } finally {
    const deleted = await lambda.client.send(new DeleteEventSourceMappingCommand({ UUID }))
    assert.deepEqual([deleted.$metadata.httpStatusCode, deleted.State], [202, 'Deleting'])
  }
}

/** The mapping once it is on its way no more. */
async function settled(lambda: CaseContext, UUID: string) {
  const deadline = Date.now() + 60_000
  for (;;) {
    const mapping = await lambda.client.send(new GetEventSourceMappingCommand({ UUID }))
    if (!/ing$/.test(mapping.State ?? '') || Date.now() > deadline) return mapping
  }
}
