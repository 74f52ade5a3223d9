/** Formats a time as Lambda does: `2025-11-25T02:46:47.123+0000`. */
export function dateText(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '+0000')
}
