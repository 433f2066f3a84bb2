import { getHeapStatistics } from 'node:v8'
import type { Worker } from 'node:worker_threads'

const MEGABYTE = 1024 * 1024
const intervalMs = 50
/** A thread that collects garbage answers late; a question that came before it ran is never answered. */
const answerMs = 1000
const leastHeadroomMb = 256
const shareOfDefault = 0.75

/** How much a lane's heap may hold, and where V8 draws its own line behind that. */
export interface LaneHeapLimit {
  readonly bytes: number
  /** For `resourceLimits`; null: V8's default. */
  readonly hardMb: number | null
}

/**
 * V8 ends the whole process when a thread at its limit needs more than 16 MB at once, as a growing array or Map does. So the limit is
 * ours, and V8's is far behind it.
 * @param maxHeapMb `task.lane.max.heap.mb`; null: most of what Node.js gives a thread
 */
export function laneHeapLimit(maxHeapMb: number | null): LaneHeapLimit {
  if (maxHeapMb === null) return { bytes: getHeapStatistics().heap_size_limit * shareOfDefault, hardMb: null }
  return { bytes: maxHeapMb * MEGABYTE, hardMb: maxHeapMb + Math.max(leastHeadroomMb, maxHeapMb / 2) }
}

/**
 * Looks at a thread's heap from outside, twenty times a second (20 µs each): a thread that fills its memory has no time to look itself.
 * @param onExceeded called once, with the bytes in use
 * @returns ends the watch
 */
export function watchLaneHeap(worker: Worker, limitBytes: number, onExceeded: (usedBytes: number) => void): () => void {
  let timer: NodeJS.Timeout | null = null
  let ended = false
  const look = async (): Promise<void> => {
    const used = await usedBytes(worker)
    if (ended) return
    if (used > limitBytes) return onExceeded(used)
    timer = setTimeout(() => void look(), intervalMs).unref()
  }
  worker.once('online', () => void look())
  return () => {
    ended = true
    clearTimeout(timer ?? undefined)
  }
}

/** 0: the thread did not answer, or has ended. */
async function usedBytes(worker: Worker): Promise<number> {
  const { promise: silence, resolve } = Promise.withResolvers<number>()
  const timer = setTimeout(() => resolve(0), answerMs)
  const answer = worker.getHeapStatistics().then(
    ({ used_heap_size: used }) => used,
    () => 0, // it has ended, which its exit event says
  )
  const used = await Promise.race([answer, silence])
  clearTimeout(timer)
  return used
}
