/** @returns true when the work ended in time, false when it goes on beyond it. @throws what the work threw in time */
export async function withinTime(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const { promise: deadline, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(resolve, timeoutMs, false)
  try {
    return await Promise.race([work.then(() => true), deadline])
  } finally {
    clearTimeout(timer)
  }
}
