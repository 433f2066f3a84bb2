import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerProcess } from '../test/support/services/server-process.ts'
import { cpuSeconds, memory } from './process-usage.ts'
import type { Metrics } from './results.ts'

const POLL_MS = 20

/** A moment in the life of a measured process. */
export interface Snapshot {
  readonly at: number
  readonly records: number
  readonly cpuSeconds: number
}

/** What a run is asked until all records have arrived. */
export interface Arrival {
  /** Records that have arrived so far. */
  read(): Promise<number>
  readonly expected: number
  readonly timeoutMs: number
}

/**
 * Watches records arrive from a process until all are there.
 * The first snapshot is the first one that saw records, so rate and CPU per record are those of what came after it.
 */
export async function watchArrival(server: ServerProcess, arrival: Arrival): Promise<{ first: Snapshot; last: Snapshot }> {
  const giveUpAt = performance.now() + arrival.timeoutMs
  let first: Snapshot | null = null
  for (;;) {
    const records = await arrival.read()
    const now: Snapshot = { at: performance.now(), records, cpuSeconds: cpuSeconds(server.pid) ?? NaN }
    if (records > 0) first ??= now
    if (first !== null && records >= arrival.expected) return { first, last: now }
    if (server.exit !== null) throw new Error(`The measured process ended early (${server.exit}).\n${server.logTail()}`)
    if (now.at > giveUpAt)
      throw new Error(`${records} of ${arrival.expected} records arrived in ${arrival.timeoutMs / 1000} s.\n${server.logTail()}`)
    await sleep(POLL_MS)
  }
}

export function throughput(startedAt: number, { first, last }: { first: Snapshot; last: Snapshot }, pid: number): Metrics {
  const records = last.records - first.records
  const peakMb = memory(pid)?.peakMb
  return {
    rate: (records * 1000) / (last.at - first.at),
    rateWithStart: (last.records * 1000) / (last.at - startedAt),
    cpuMicros: ((last.cpuSeconds - first.cpuSeconds) * 1e6) / records,
    cpuMicrosWithStart: (last.cpuSeconds * 1e6) / last.records,
    ...(peakMb === undefined ? {} : { peakMb }),
  }
}

/** Follows a process to its end. @returns the CPU it took in all and its peak memory, as last seen within 20 ms of the end */
export async function watchToEnd(server: ServerProcess): Promise<{ cpuSeconds: number; peakMb: number }> {
  let seen = { cpuSeconds: 0, peakMb: 0 }
  while (server.exit === null) {
    const cpu = cpuSeconds(server.pid)
    const peakMb = memory(server.pid)?.peakMb
    if (cpu !== null && peakMb !== undefined) seen = { cpuSeconds: cpu, peakMb }
    await sleep(POLL_MS)
  }
  if (server.exit !== 'exit code 0') throw new Error(`The measured process failed (${server.exit}).\n${server.logTail()}`)
  return seen
}
