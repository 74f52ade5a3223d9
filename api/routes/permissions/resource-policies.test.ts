import { describe, expect, test } from '@jest/globals'
import { arn, startControlPlane } from '../testing/control-plane.ts'

const ResourceArn = `${arn}:f`
const statement = {
  ...{ Sid: 'put', Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' } },
  ...{ Action: 'lambda:InvokeFunction', Resource: ResourceArn },
}
const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements })
const shownBy = (answer: object) => JSON.parse((answer as { Policy: string }).Policy) as unknown

/** A function with version 1 and alias `live`. */
async function started() {
  const server = startControlPlane()
  await server.create('f', { Publish: true })
  await server.call('CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '1' })
  return server
}

describe('a resource policy', () => {
  test('that is put is what both APIs show, with one revision', async () => {
    const server = await started()
    const put = await server.call('PutResourcePolicy', { ResourceArn, Policy: policy(statement) })
    expect(put).toEqual({ Policy: policy(statement), RevisionId: expect.any(String) })
    expect(await server.call('GetResourcePolicy', { ResourceArn })).toEqual(put)
    expect(await server.call('GetPolicy', { FunctionName: 'f' })).toEqual(put)
    const { RevisionId } = await server.call('GetFunctionConfiguration', { FunctionName: 'f' })
    expect(RevisionId).toBe(put['RevisionId'])
  })

  test('is one with that of AddPermission and RemovePermission', async () => {
    const server = await started()
    const add = { FunctionName: 'f', StatementId: 'add', Action: 'lambda:InvokeFunction', Principal: '123456789012' }
    await server.call('AddPermission', { ...add, StatementId: 'before' })
    expect(shownBy(await server.call('GetResourcePolicy', { ResourceArn }))).toMatchObject({
      ...{ Id: 'default', Statement: [{ Sid: 'before' }] },
    })
    await server.call('PutResourcePolicy', { ResourceArn, Policy: policy(statement) })
    await server.call('AddPermission', add)
    expect(await server.refusal('AddPermission', { ...add, StatementId: 'put' })).toMatchObject({ status: 409 })
    const both = shownBy(await server.call('GetResourcePolicy', { ResourceArn }))
    expect(both).toMatchObject({ Statement: [{ Sid: 'put' }, { Sid: 'add' }] })
    expect(both).not.toHaveProperty('Id')
    for (const StatementId of ['put', 'add']) await server.call('RemovePermission', { FunctionName: 'f', StatementId })
    expect(await server.refusal('GetResourcePolicy', { ResourceArn })).toMatchObject({ status: 404 })
    await server.call('AddPermission', add)
    expect(shownBy(await server.call('GetResourcePolicy', { ResourceArn }))).toMatchObject({ Id: 'default' })
  })

  test('belongs to the function, a version or an alias alone, and goes with its alias', async () => {
    const server = await started()
    for (const suffix of ['', ':1', ':live']) {
      const [each, Resource] = [`${ResourceArn}${suffix}`, `${ResourceArn}${suffix}`]
      await server.call('PutResourcePolicy', { ResourceArn: each, Policy: policy({ ...statement, Resource }) })
    }
    await server.call('DeleteResourcePolicy', { ResourceArn })
    expect(await server.refusal('GetResourcePolicy', { ResourceArn })).toMatchObject({ status: 404 })
    for (const suffix of [':1', ':live'])
      expect(await server.call('GetResourcePolicy', { ResourceArn: `${ResourceArn}${suffix}` })).toHaveProperty(
        'Policy',
      )
    await server.call('DeleteAlias', { FunctionName: 'f', Name: 'live' })
    await server.call('CreateAlias', { FunctionName: 'f', Name: 'live', FunctionVersion: '1' })
    expect(await server.refusal('GetResourcePolicy', { ResourceArn: `${ResourceArn}:live` })).toMatchObject({
      status: 404,
    })
  })

  test('is shown normalised: a lone statement in a list, an account as its root', async () => {
    const server = await started()
    const Principal = { AWS: ['123456789012', 'arn:aws:iam::123456789012:role/r'] }
    const Policy = JSON.stringify({ Id: 'own', Statement: { ...statement, Effect: 'Deny', Principal } }, null, 2)
    const put = await server.call('PutResourcePolicy', { ResourceArn, Policy })
    expect(shownBy(put)).toEqual({
      Id: 'own',
      Statement: [
        {
          ...{ ...statement, Effect: 'Deny' },
          Principal: { AWS: ['arn:aws:iam::123456789012:root', 'arn:aws:iam::123456789012:role/r'] },
        },
      ],
    })
  })

  test('is changed and deleted only by its latest revision, where one is given', async () => {
    const server = await started()
    const put = { ResourceArn, Policy: policy(statement) }
    const { RevisionId } = await server.call('PutResourcePolicy', put)
    await server.call('PutResourcePolicy', { ...put, RevisionId })
    const expected = {
      ...{ status: 412, type: 'PreconditionFailedException' },
      message: /Call the GetResourcePolicy API to retrieve the latest Revision Id$/,
    }
    expect(await server.refusal('PutResourcePolicy', { ...put, RevisionId })).toMatchObject(expected)
    expect(await server.refusal('DeleteResourcePolicy', { ResourceArn, RevisionId })).toMatchObject(expected)
    const current = await server.call('GetResourcePolicy', { ResourceArn })
    expect(
      await server.call('DeleteResourcePolicy', { ResourceArn, RevisionId: current['RevisionId'] as string }),
    ).toEqual({})
  })
})

describe('refused', () => {
  const bad: [string, string, string][] = [
    ['no JSON', '{', 'it is not valid JSON'],
    ['a list', '[]', 'the policy must be a JSON object'],
    ['an unknown member', '{"Statements":[]}', 'Statements is not a member of a policy'],
    ['an unknown version', '{"Version":"2020-01-01","Statement":[]}', 'Version must be 2012-10-17 or 2008-10-17'],
    ['no statement', '{"Version":"2012-10-17"}', 'Statement must be one statement or more'],
    ['an empty list of statements', policy(), 'Statement must be one statement or more'],
    ['an unknown effect', policy({ ...statement, Effect: 'allow' }), 'Statement[0].Effect must be Allow or Deny'],
    ['no principal', policy({ ...statement, Principal: undefined }), 'Statement[0] must be given either Principal or'],
    ['no action', policy({ ...statement, Action: undefined }), 'Statement[0] must be given either Action or NotAction'],
    ['an action of S3', policy({ ...statement, Action: 's3:*' }), 'Statement[0].Action must be lambda:<operation>'],
    [
      'another resource',
      policy({ ...statement, Resource: `${ResourceArn}:1` }),
      `Statement[0].Resource must match ${ResourceArn}`,
    ],
    ['no resource', policy({ ...statement, Resource: undefined }), 'Statement[0].Resource must be a text or texts'],
    ['a statement id twice', policy(statement, statement), 'the statement id put is used twice'],
    ['an id with a space', policy({ ...statement, Sid: 'a b' }), 'Statement[0].Sid must be at most 100'],
    [
      'an unknown condition',
      policy({ ...statement, Condition: { Like: { a: 'b' } } }),
      'Like is not a member of the condition operators',
    ],
    [
      'all but some allowed',
      policy({ ...statement, Principal: undefined, NotPrincipal: '*' }),
      'Statement[0].NotPrincipal must be used with Deny',
    ],
  ]
  test.each(bad)('is %s, and nothing changes', async (_case, Policy, text) => {
    const server = await started()
    const before = await server.lifecycle.read('f')
    const refusal = await server.refusal('PutResourcePolicy', { ResourceArn, Policy })
    expect(refusal).toMatchObject({ status: 400, type: 'InvalidParameterValueException' })
    expect((refusal as { message: string }).message).toContain(`The resource policy is malformed: ${text}`)
    expect(await server.lifecycle.read('f')).toEqual(before)
  })

  test.each<[string, string, object, object]>([
    [
      'a principal that is none',
      'PutResourcePolicy',
      { Policy: policy({ ...statement, Principal: { Service: 'example.com' } }) },
      { status: 400, message: 'The provided principal was invalid. Please check the principal and try again.' },
    ],
    [
      'an unknown function',
      'PutResourcePolicy',
      { ResourceArn: `${arn}:g`, Policy: policy({ ...statement, Resource: '*' }) },
      { status: 404, message: `Function not found: ${arn}:g` },
    ],
    [
      'an unknown alias',
      'PutResourcePolicy',
      { ResourceArn: `${arn}:f:x`, Policy: policy({ ...statement, Resource: '*' }) },
      { status: 404, message: `Cannot find alias arn: ${arn}:f:x` },
    ],
    [
      '$LATEST',
      'PutResourcePolicy',
      { ResourceArn: `${arn}:f:$LATEST`, Policy: policy(statement) },
      { status: 400, message: 'We currently do not support adding policies for $LATEST.' },
    ],
    [
      'a policy that is too long once it is printed',
      'PutResourcePolicy',
      {
        Policy: policy(
          ...Array.from({ length: 200 }, (_, count) => ({
            ...statement,
            Sid: `s${count}`,
            Principal: { AWS: '123456789012' },
          })),
        ),
      },
      { status: 400, type: 'PolicyLengthExceededException' },
    ],
    [
      'the removal of a policy that is not there',
      'DeleteResourcePolicy',
      {},
      { status: 404, message: 'No policy is associated with the given resource.' },
    ],
  ])('is %s', async (_case, operation, input, expected) => {
    const server = await started()
    expect(await server.refusal(operation as 'PutResourcePolicy', { ResourceArn, ...input })).toMatchObject(expected)
  })
})
