import type { InflightBytes } from './ports.ts'

/** Of clients that only their own keys bound. */
export const unboundedBytes: InflightBytes = { limit: Infinity, add: () => undefined }
