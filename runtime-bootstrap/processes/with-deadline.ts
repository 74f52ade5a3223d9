/** Resolves when the promise does, or at the deadline. */
export async function withDeadline(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)))
  await Promise.race([promise, timeout])
  clearTimeout(timer)
}
