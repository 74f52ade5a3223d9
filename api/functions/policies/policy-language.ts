/** Whether a text matches a pattern of the policy language: `*` for any characters, `?` for one. It goes back to the last star only, so that no pattern is slow. */
export function matchesPattern(pattern: string, text: string): boolean {
  let [at, inText, star, resume] = [0, 0, -1, 0]
  while (inText < text.length) {
    if (pattern[at] === '*') {
      star = at++
      resume = inText
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[inText])) {
      at++
      inText++
    } else if (star >= 0) {
      at = star + 1
      inText = ++resume
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}

/** A value, or the values of a list: the policy language takes both. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}
