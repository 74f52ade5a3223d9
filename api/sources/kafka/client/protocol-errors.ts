/** The errors of Kafka's protocol that this client handles. */
export const protocolErrors = {
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  replicaNotAvailable: 9,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  illegalGeneration: 22,
  unknownMember: 25,
  rebalanceInProgress: 27,
  storage: 56,
  saslAuthenticationFailed: 58,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  offsetNotAvailable: 78,
  memberIdRequired: 79,
} as const

/** The error's code in Kafka's protocol; undefined for other errors. */
export function protocolErrorOf(error: unknown): number | undefined {
  const { errorCode } = (error ?? {}) as { errorCode?: unknown }
  return typeof errorCode === 'number' ? errorCode : undefined
}

/** Whether the error has one of these codes. */
export function isProtocolError(error: unknown, ...names: readonly (keyof typeof protocolErrors)[]): boolean {
  const code = protocolErrorOf(error)
  return names.some((name) => protocolErrors[name] === code)
}
