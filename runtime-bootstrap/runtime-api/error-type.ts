const known = /(Runtime|Function)\.[A-Z][a-zA-Z]+/

/** The error type that AWS makes of the header `Lambda-Runtime-Function-Error-Type`. */
export function errorTypeOf(header: string | undefined): string {
  if (header !== undefined && known.test(header)) return header
  return header?.startsWith('Function.') === true ? 'Function.Unknown' : 'Runtime.Unknown'
}
