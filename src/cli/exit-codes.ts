/** The exit codes of Apache's `connect-standalone`. After a signal a JVM ends with 128 + its number, a graceful stop included. */
export const exitCodes = { ok: 0, usage: 1, notMade: 2, notStarted: 3, SIGINT: 130, SIGTERM: 143 } as const
