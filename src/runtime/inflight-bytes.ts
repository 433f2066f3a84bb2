import { totalmem } from 'node:os'
import { taskMetricIndex, type TaskMetrics } from '../metrics/task-metrics.ts'

const MEGABYTE = 1024 * 1024
const largestDefaultBytes = 128 * MEGABYTE
const shareOfMemory = 0.25

const limitIndex = taskMetricIndex('inflight-bytes-limit')

/** What the process may use, as the system says. */
export interface ProcessMemory {
  /** Of the container (cgroup v1 or v2); 0, or more than there is: none is set. */
  readonly constrainedBytes: number
  readonly totalBytes: number
}

/** `worker.max.inflight.bytes`, and in words where it comes from. */
export interface InflightLimit {
  readonly bytes: number
  readonly because: string
}

/** @param configured null: a share of the memory that there is */
export function inflightLimit(configured: number | null, memory: ProcessMemory = processMemory()): InflightLimit {
  if (configured !== null) return { bytes: configured, because: `worker.max.inflight.bytes=${configured}` }
  const { constrainedBytes, totalBytes } = memory
  const isConstrained = constrainedBytes > 0 && constrainedBytes < totalBytes
  const of = isConstrained ? 'the container’s memory limit of' : 'this machine’s memory of'
  const available = isConstrained ? constrainedBytes : totalBytes
  const share = Math.floor(available * shareOfMemory)
  const quarter = `${shareOfMemory * 100} % of ${of} ${megabytes(available)}`
  if (share <= largestDefaultBytes) return { bytes: share, because: `${quarter}; worker.max.inflight.bytes changes it` }
  return {
    bytes: largestDefaultBytes,
    because: `the most without worker.max.inflight.bytes, as ${quarter} is more`,
  }
}

/** Gives each task the same share. Called when one comes or goes; the tasks' clients see it at once, in whichever thread they are. */
export function shareInflightBytes(totalBytes: number, tasks: ReadonlyMap<string, TaskMetrics>): void {
  const share = Math.floor(totalBytes / Math.max(tasks.size, 1))
  for (const metrics of tasks.values()) metrics.set(limitIndex, share)
}

function processMemory(): ProcessMemory {
  return { constrainedBytes: process.constrainedMemory(), totalBytes: totalmem() }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / MEGABYTE)} MB`
}
