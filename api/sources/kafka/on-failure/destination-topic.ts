const scheme = 'kafka://'

/** The topic of an on-failure destination `kafka://TOPIC`, in the mapping's own cluster; undefined for other destinations. */
export function destinationTopic(onFailure: string | undefined): string | undefined {
  return onFailure?.startsWith(scheme) === true ? onFailure.slice(scheme.length) : undefined
}
