/** Whether a text is a pattern that records can be filtered by: EventBridge's rules (reference 8.6). */
export function isFilterPattern(text: string): boolean {
  try {
    const pattern: unknown = JSON.parse(text)
    return isObject(pattern) && isPattern(pattern)
  } catch {
    return false
  }
}

/** Leaves are lists of what matches; `$or` is a list of patterns. */
function isPattern(pattern: Readonly<Record<string, unknown>>): boolean {
  const entries = Object.entries(pattern)
  return entries.every(([key, value]) => {
    if (key === '$or')
      return Array.isArray(value) && value.length > 1 && value.every((one) => isObject(one) && isPattern(one))
    if (Array.isArray(value)) return value.length > 0 && value.every(isMatcher)
    return isObject(value) && Object.keys(value).length > 0 && isPattern(value)
  })
}

function isMatcher(matcher: unknown): boolean {
  if (!isObject(matcher)) return isScalar(matcher)
  const [entry, ...others] = Object.entries(matcher)
  return entry !== undefined && others.length === 0 && (comparisons[entry[0]]?.(entry[1]) ?? false)
}

const isText = (value: unknown): boolean => typeof value === 'string'

/** Comparisons, and what each may be given. */
const comparisons: Readonly<Record<string, ((operand: unknown) => boolean) | undefined>> = Object.assign(
  Object.create(null) as Record<string, (operand: unknown) => boolean>,
  {
    prefix: (operand: unknown) => isText(operand) || isIgnoringCase(operand),
    suffix: (operand: unknown) => isText(operand) || isIgnoringCase(operand),
    'equals-ignore-case': isText,
    wildcard: isText,
    exists: (operand: unknown) => typeof operand === 'boolean',
    numeric: isNumeric,
    'anything-but': isAnythingBut,
    cidr: isText,
  },
)

function isIgnoringCase(operand: unknown): boolean {
  return isObject(operand) && isText(operand['equals-ignore-case'])
}

const signs = ['=', '>', '>=', '<', '<=']

/** `[">", 0, "<=", 5]`, or one half of it. */
function isNumeric(operand: unknown): boolean {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) return false
  return operand.every((part, index) => (index % 2 === 0 ? signs.includes(part as string) : typeof part === 'number'))
}

function isAnythingBut(operand: unknown): boolean {
  if (Array.isArray(operand))
    return operand.length > 0 && operand.every((one) => isText(one) || typeof one === 'number')
  if (!isObject(operand)) return isText(operand) || typeof operand === 'number'
  const [name = '', value] = Object.entries(operand)[0] ?? []
  const isList = Array.isArray(value) && value.length > 0 && value.every(isText)
  return ['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(name) && (isText(value) || isList)
}

function isScalar(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
