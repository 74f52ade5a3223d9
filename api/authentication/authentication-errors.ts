import { kinds, LambdaError } from '../errors.ts'

/**
 * Authentication errors. Status 403 as in Lambda's list of common errors; names and texts as callers of AWS report them.
 */
export const authenticationErrors = {
  missing: () => refusal(kinds.missingAuthenticationToken, 'Missing Authentication Token'),
  unknownKey: () => refusal(kinds.unrecognizedClient, 'The security token included in the request is invalid.'),
  mismatch: () =>
    refusal(
      kinds.invalidSignature,
      'The request signature we calculated does not match the signature you provided. ' +
        'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    ),
  incomplete: (text: string) => refusal(kinds.incompleteSignature, text),
  invalid: (text: string) => refusal(kinds.invalidSignature, text),
  /** AWS's text names the denied action. This server denies every action to another account. */
  foreignAccount: (accountId: string) =>
    refusal(kinds.accessDenied, `User: arn:aws:iam::${accountId}:root is not authorized to access this resource`),
}

function refusal(kind: (typeof kinds)[keyof typeof kinds], message: string): LambdaError {
  return new LambdaError(kind, message, {})
}
