import type { IsolationLevel } from '../ports.ts'

/** Kafka's number for an isolation level. */
export function isolationCode(isolation: IsolationLevel): number {
  return isolation === 'read_committed' ? 1 : 0
}
