import { describe, expect, test } from '@jest/globals'
import { arn, startControlPlane } from '../testing/control-plane.ts'

const add = { FunctionName: 'f', StatementId: 's', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' }
const printed =
  '{"Sid":"s","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",' +
  `"Resource":"${arn}:f"}`

/** A function with version 1 and alias `live`. */
async function started() {
  const server = startControlPlane()
  await server.create('f', { Publish: true })
  await server.call('CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '1' })
  return server
}

describe('a permission', () => {
  test('is answered and shown as AWS prints it', async () => {
    const server = await started()
    expect(await server.call('AddPermission', add)).toEqual({ Statement: printed })
    const { RevisionId } = await server.call('GetFunctionConfiguration', { FunctionName: 'f' })
    expect(await server.call('GetPolicy', { FunctionName: 'f' })).toEqual({
      Policy: `{"Version":"2012-10-17","Id":"default","Statement":[${printed}]}`,
      RevisionId,
    })
  })

  test.each<[string, string | object]>([
    ['s3.amazonaws.com', { Service: 's3.amazonaws.com' }],
    ['123456789012', { AWS: 'arn:aws:iam::123456789012:root' }],
    ['arn:aws:iam::123456789012:role/r', { AWS: 'arn:aws:iam::123456789012:role/r' }],
    ['*', '*'],
  ])('for the principal %s says so', async (Principal, expected) => {
    const { Statement } = await (await started()).call('AddPermission', { ...add, Principal })
    expect(JSON.parse(Statement as string)).toMatchObject({ Principal: expected })
  })

  test('has its conditions in the order of AWS', async () => {
    const { Statement } = await (
      await started()
    ).call('AddPermission', {
      ...{ ...add, Action: 'lambda:InvokeFunctionUrl' },
      ...{ SourceArn: 'arn:aws:s3:::b', SourceAccount: '123456789012', EventSourceToken: 't' },
      ...{ PrincipalOrgID: 'o-abcdefghij', FunctionUrlAuthType: 'NONE' },
    })
    expect(Statement).toMatch(
      /"Condition":\{"StringEquals":\{"AWS:SourceAccount":"123456789012","lambda:FunctionUrlAuthType":"NONE","aws:PrincipalOrgID":"o-abcdefghij","lambda:EventSourceToken":"t"\},"ArnLike":\{"AWS:SourceArn":"arn:aws:s3:::b"\}\}\}$/,
    )
  })

  test.each(['lambda:InvokeFunction', 'lambda:*', '*'])('of %s has no auth type of URLs', async (Action) => {
    const statement = { ...add, Action, Principal: '*', FunctionUrlAuthType: 'NONE' }
    expect(await (await started()).refusal('AddPermission', statement)).toMatchObject({
      ...{ status: 400, type: 'InvalidParameterValueException' },
      message: 'FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action',
    })
  })

  test('belongs to the function, a version or an alias, and changes the revision of that alone', async () => {
    const server = await started()
    const revisions = async () => ({
      latest: (await server.call('GetFunctionConfiguration', { FunctionName: 'f' }))['RevisionId'],
      version: (await server.call('GetFunctionConfiguration', { FunctionName: 'f', Qualifier: '1' }))['RevisionId'],
      alias: (await server.call('GetAlias', { FunctionName: 'f', Name: 'live' }))['RevisionId'],
    })
    for (const [Qualifier, changed] of [
      [undefined, 'latest'],
      ['1', 'version'],
      ['live', 'alias'],
    ] as const) {
      const before = await revisions()
      const { Statement } = await server.call('AddPermission', { ...add, Qualifier })
      const Resource = Qualifier === undefined ? `${arn}:f` : `${arn}:f:${Qualifier}`
      expect(JSON.parse(Statement as string)).toMatchObject({ Resource })
      const after = await revisions()
      expect(after).toEqual({ ...before, [changed]: expect.not.stringMatching(before[changed] as string) })
      const { RevisionId } = await server.call('GetPolicy', { FunctionName: 'f', Qualifier })
      expect(RevisionId).toBe(after[changed])
    }
  })

  test('is not copied when a version is published', async () => {
    const server = await started()
    await server.call('AddPermission', add)
    await server.call('UpdateFunctionConfiguration', { FunctionName: 'f', Timeout: 9 })
    await server.lifecycle.settled()
    await server.call('PublishVersion', { FunctionName: 'f' })
    expect(await server.refusal('GetPolicy', { FunctionName: 'f', Qualifier: '2' })).toMatchObject({ status: 404 })
  })

  test('of those that are added at once is never lost', async () => {
    const server = await started()
    const ids = Array.from({ length: 8 }, (_, count) => `s${count}`)
    await Promise.all(ids.map((StatementId) => server.call('AddPermission', { ...add, StatementId })))
    const { Policy } = await server.call('GetPolicy', { FunctionName: 'f' })
    const { Statement } = JSON.parse(Policy as string) as { Statement: { Sid: string }[] }
    expect(Statement.map(({ Sid }) => Sid).sort()).toEqual(ids)
  })

  test('goes with its alias, its version and its function', async () => {
    const server = await started()
    for (const Qualifier of [undefined, '1', 'live']) await server.call('AddPermission', { ...add, Qualifier })
    await server.call('DeleteAlias', { FunctionName: 'f', Name: 'live' })
    await server.call('CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '$LATEST' })
    expect(await server.refusal('GetPolicy', { FunctionName: 'f', Qualifier: 'live' })).toMatchObject({ status: 404 })
    await server.call('DeleteFunction', { FunctionName: 'f', Qualifier: '1' })
    expect((await server.lifecycle.read('f')).attached?.policy).toEqual({ '': [expect.anything()] })
    await server.call('DeleteFunction', { FunctionName: 'f' })
    await server.create('f')
    expect(await server.refusal('GetPolicy', { FunctionName: 'f' })).toMatchObject({
      ...{ status: 404, message: 'The resource you requested does not exist.' },
    })
  })

  test('that is the last one takes the policy with it', async () => {
    const server = await started()
    await server.call('AddPermission', add)
    expect(await server.call('RemovePermission', { FunctionName: 'f', StatementId: 's' })).toEqual({})
    expect(await server.refusal('GetPolicy', { FunctionName: 'f' })).toMatchObject({
      ...{ status: 404, message: 'The resource you requested does not exist.' },
    })
  })
})

describe('refused', () => {
  test.each<[string, object, object]>([
    [
      'a principal that is none',
      { Principal: 'a.example.com' },
      { status: 400, message: 'The provided principal was invalid. Please check the principal and try again.' },
    ],
    [
      '$LATEST',
      { Qualifier: '$LATEST' },
      {
        type: 'InvalidParameterValueException',
        message: 'We currently do not support adding policies for $LATEST.',
      },
    ],
    [
      'a statement twice',
      { StatementId: 'there' },
      {
        ...{ status: 409, type: 'ResourceConflictException' },
        message:
          'The statement id (there) provided already exists. Please provide a new statement id, or remove the existing statement.',
      },
    ],
    ['an unknown function', { FunctionName: 'g' }, { status: 404, message: `Function not found: ${arn}:g` }],
    ['an unknown alias', { Qualifier: 'x' }, { status: 404, message: `Cannot find alias arn: ${arn}:f:x` }],
    ['an unknown version', { Qualifier: '9' }, { status: 404, message: `Function not found: ${arn}:f:9` }],
    [
      'a revision that is not the policy’s',
      { RevisionId: 'x' },
      { status: 412, message: /Call the GetPolicy API to retrieve the latest Revision Id$/ },
    ],
    [
      'a revision that is not the function’s, which has no policy',
      { FunctionName: 'bare', RevisionId: 'x' },
      { status: 412, message: /Call the GetFunction\/GetAlias API to retrieve the latest Revision Id$/ },
    ],
    [
      'a policy of more than 20 kB',
      { SourceArn: `arn:aws:s3:::${'b'.repeat(20_480)}` },
      { status: 400, type: 'PolicyLengthExceededException' },
    ],
  ])('is %s, and nothing changes', async (_case, members, expected) => {
    const server = await started()
    await server.create('bare')
    await server.call('AddPermission', { ...add, StatementId: 'there' })
    const before = await server.lifecycle.read('f')
    expect(await server.refusal('AddPermission', { ...add, ...members })).toMatchObject(expected)
    expect(await server.lifecycle.read('f')).toEqual(before)
  })

  test.each<[string, object, string]>([
    ['of a function without a policy', { FunctionName: 'bare' }, 'No policy is associated with the given resource.'],
    ['that is unknown', { StatementId: 'x' }, 'Statement x is not found in resource policy.'],
    ['of an unknown function', { FunctionName: 'g' }, `No policy found for: ${arn}:g`],
    ['of an unknown alias', { Qualifier: 'x' }, `Cannot find alias arn: ${arn}:f:x`],
  ])('is the removal of a statement %s', async (_case, members, message) => {
    const server = await started()
    await server.create('bare')
    await server.call('AddPermission', add)
    expect(await server.refusal('RemovePermission', { FunctionName: 'f', StatementId: 's', ...members })).toMatchObject(
      {
        ...{ status: 404, message },
      },
    )
  })
})
