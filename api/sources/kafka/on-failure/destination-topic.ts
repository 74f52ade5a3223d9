const scheme = 'kafka://'

/** The topic of an on-failure destination `kafka://TOPIC`, of the mapping's own cluster; nothing for other destinations. */
export function destinationTopic(onFailure: string | undefined): string | undefined {
  return onFailure?.startsWith(scheme) === true ? onFailure.slice(scheme.length) : undefined
}
