import { invalidParameterValue, kinds, LambdaError } from '../../errors.ts'
import type { PolicyHead, PolicyStatement } from '../function/attached-settings.ts'

/** Errors of policies (reference 2.8). */
export const policyErrors = {
  principal: () =>
    invalidParameterValue('The provided principal was invalid. Please check the principal and try again.'),
  urlAuthType: () => invalidParameterValue('FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action'),
  latest: () => invalidParameterValue('We currently do not support adding policies for $LATEST.'),
  statementExists: (id: string) =>
    new LambdaError(
      kinds.resourceConflict,
      `The statement id (${id}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    ),
  none: () => new LambdaError(kinds.resourceNotFound, 'No policy is associated with the given resource.'),
  statementUnknown: (id: string) =>
    new LambdaError(kinds.resourceNotFound, `Statement ${id} is not found in resource policy.`),
  functionUnknown: (arn: string) => new LambdaError(kinds.resourceNotFound, `No policy found for: ${arn}`),
  tooLong: (bytes: number) =>
    new LambdaError(
      kinds.policyLengthExceeded,
      `The final policy size (${bytes}) is bigger than the limit (${maxBytes}).`,
    ),
  revision: (reader: 'GetPolicy' | 'GetResourcePolicy' | 'GetLayerPolicy') =>
    new LambdaError(
      kinds.preconditionFailed,
      'The Revision Id provided does not match the latest Revision Id. ' +
        `Call the ${reader} API to retrieve the latest Revision Id`,
    ),
}

const maxBytes = 20_480
const service = /^[a-z0-9][a-z0-9.-]*\.amazon(?:aws)?\.com(?:\.cn)?$/
const account = /^\d{12}$/
const federated = /^(?:arn:aws[a-zA-Z-]*:iam::\d{12}:(?:saml|oidc)-provider\/.+|[a-z0-9.-]+\.[a-z]+)$/
const identity = /^arn:aws[a-zA-Z-]*:(?:iam|sts)::(?:\d{12}|cloudfront):.+$/

/** Principals in the policy language. */
export const principals = {
  /** A principal as AWS prints it, an account as its root. Throws if it is none of its kind. */
  written(kind: string, name: string, resource: string): string {
    if (kind === 'Service' && service.test(name)) return name
    if (kind === 'Federated' && federated.test(name)) return name
    if (kind !== 'AWS' || !(name === '*' || account.test(name) || identity.test(name))) throw policyErrors.principal()
    return account.test(name) ? rootOf(name, resource) : name
  },
}

/** The statements with another one; `resource` is the ARN of the policy's owner. */
export function addStatement(
  statements: readonly PolicyStatement[],
  added: PolicyStatement,
  resource: string,
  head?: PolicyHead,
): readonly PolicyStatement[] {
  if (![service, account, identity, /^\*$/].some((form) => form.test(added.principal))) throw policyErrors.principal()
  if (added.urlAuthType !== undefined && added.action !== 'lambda:InvokeFunctionUrl') throw policyErrors.urlAuthType()
  if (statements.some(({ id }) => id === added.id)) throw policyErrors.statementExists(added.id)
  const all = [...statements, added]
  checkLength(all, resource, head)
  return all
}

/** Refuses policies of more than 20 kB as they are printed. */
export function checkLength(statements: readonly PolicyStatement[], resource: string, head?: PolicyHead): void {
  const bytes = Buffer.byteLength(policyText(statements, resource, head))
  if (bytes > maxBytes) throw policyErrors.tooLong(bytes)
}

/** The statements without one, which must exist. */
export function removeStatement(statements: readonly PolicyStatement[], id: string): readonly PolicyStatement[] {
  if (statements.length === 0) throw policyErrors.none()
  if (!statements.some((statement) => statement.id === id)) throw policyErrors.statementUnknown(id)
  return statements.filter((statement) => statement.id !== id)
}

const ownHead: PolicyHead = { version: '2012-10-17', id: 'default' }

/** The policy as AWS prints it. */
export function policyText(statements: readonly PolicyStatement[], resource: string, head = ownHead): string {
  const Statement = statements.map((statement) => printed(statement, resource))
  return JSON.stringify({ Version: head.version, Id: head.id, Statement })
}

/** One statement as AWS prints it. */
export function statementText(statement: PolicyStatement, resource: string): string {
  return JSON.stringify(printed(statement, resource))
}

function printed(statement: PolicyStatement, resource: string) {
  if (statement.written !== undefined) return statement.written
  const condition = conditionOf(statement)
  return {
    Sid: statement.id,
    Effect: 'Allow',
    Principal: printedPrincipal(statement.principal, resource),
    Action: statement.action,
    Resource: resource,
    ...(Object.keys(condition).length === 0 ? {} : { Condition: condition }),
  }
}

function printedPrincipal(principal: string, resource: string): string | Readonly<Record<string, string>> {
  if (principal === '*') return '*'
  if (service.test(principal)) return { Service: principal }
  return { AWS: account.test(principal) ? rootOf(principal, resource) : principal }
}

function rootOf(accountId: string, resource: string): string {
  return `arn:${resource.split(':')[1] ?? 'aws'}:iam::${accountId}:root`
}

/** Conditions in the order of the recordings: texts, then ARNs. */
function conditionOf(statement: PolicyStatement) {
  const texts = given({
    'AWS:SourceAccount': statement.sourceAccount,
    'lambda:FunctionUrlAuthType': statement.urlAuthType,
    'aws:PrincipalOrgID': statement.organizationId,
    'lambda:EventSourceToken': statement.eventSourceToken,
  })
  const { sourceArn, isViaUrl } = statement
  return {
    ...(Object.keys(texts).length === 0 ? {} : { StringEquals: texts }),
    ...(isViaUrl === undefined ? {} : { Bool: { 'lambda:InvokedViaFunctionUrl': String(isViaUrl) } }),
    ...(sourceArn === undefined ? {} : { ArnLike: { 'AWS:SourceArn': sourceArn } }),
  }
}

function given(members: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
