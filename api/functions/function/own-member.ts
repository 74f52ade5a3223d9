/** What a record keeps under a key; undefined for what every object inherits, such as `constructor`. */
export function ownMember<Value>(table: Readonly<Record<string, Value>> | undefined, key: string): Value | undefined {
  return table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined
}
