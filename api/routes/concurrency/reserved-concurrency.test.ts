import { expect, test } from '@jest/globals'
import { arn, startControlPlane } from '../testing/control-plane.ts'

test('an unknown function is named with its own ARN where it is read, and with $LATEST where it is changed', async () => {
  const server = startControlPlane()
  const read = await server.refusal('GetFunctionConcurrency', { FunctionName: 'f' })
  expect(read).toMatchObject({ status: 404, message: `Function not found: ${arn}:f` })
  const reserve = { FunctionName: 'f', ReservedConcurrentExecutions: 1 }
  const changed = await server.refusal('PutFunctionConcurrency', reserve)
  expect(changed).toMatchObject({ status: 404, message: `Function not found: ${arn}:f:$LATEST` })
})

test.each(['1', '$LATEST'])('reserved concurrency is for functions only, not for %s', async (qualifier) => {
  const server = startControlPlane()
  await server.create('f')
  const reserve = { FunctionName: `${arn}:f:${qualifier}`, ReservedConcurrentExecutions: 1 }
  expect(await server.refusal('PutFunctionConcurrency', reserve)).toMatchObject({
    status: 400,
    type: 'InvalidParameterValueException',
    message: expect.stringMatching(/^This operation is permitted on Lambda functions only\./),
  })
})
