import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerProcess } from '../test/support/services/server-process.ts'
import { cpuSeconds, memory } from './process-usage.ts'
import type { Metrics } from './results.ts'

const POLL_MS = 20

/** A moment in the life of a measured process. */
export interface Snapshot {
  readonly at: number
  readonly records: number
  /** As last seen within 20 ms, when the process has ended meanwhile. */
  readonly usage: Usage
}

interface Usage {
  readonly cpuSeconds: number
  readonly peakMb: number
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
  let usage = NOTHING_USED
  for (;;) {
    const ended = server.exit
    const records = await arrival.read()
    usage = usageOf(server.pid) ?? usage
    const now: Snapshot = { at: performance.now(), records, usage }
    if (records > 0) first ??= now
    if (first !== null && records >= arrival.expected) return { first, last: now }
    if (ended !== null) throw new Error(`The measured process ended early (${ended}).\n${server.logTail()}`)
    if (now.at > giveUpAt)
      throw new Error(`${records} of ${arrival.expected} records arrived in ${arrival.timeoutMs / 1000} s.\n${server.logTail()}`)
    await sleep(POLL_MS)
  }
}

const NOTHING_USED: Usage = { cpuSeconds: 0, peakMb: 0 }

function usageOf(pid: number): Usage | null {
  const cpu = cpuSeconds(pid)
  const peakMb = memory(pid)?.peakMb
  return cpu === null || peakMb === undefined ? null : { cpuSeconds: cpu, peakMb }
}

export function throughput(startedAt: number, { first, last }: { first: Snapshot; last: Snapshot }): Metrics {
  const records = last.records - first.records
  return {
    rate: (records * 1000) / (last.at - first.at),
    rateWithStart: (last.records * 1000) / (last.at - startedAt),
    cpuMicros: ((last.usage.cpuSeconds - first.usage.cpuSeconds) * 1e6) / records,
    cpuMicrosWithStart: (last.usage.cpuSeconds * 1e6) / last.records,
    peakMb: last.usage.peakMb,
  }
}

/** Follows a process to its end. @returns what it used in all */
export async function watchToEnd(server: ServerProcess): Promise<Usage> {
  let usage = NOTHING_USED
  while (server.exit === null) {
    usage = usageOf(server.pid) ?? usage
    await sleep(POLL_MS)
  }
  if (server.exit !== 'exit code 0') throw new Error(`The measured process failed (${server.exit}).\n${server.logTail()}`)
  return usage
}
