import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** The young generation ends growing when it is as large; it may have doubled by then. */
const youngGenerationBytes = 16_000_000

/**
 * V8's settings for records in flight, measured at full speed. Called by the programs of `bin` once their code is loaded, because
 * cached code is refused under other settings than it was made with.
 *
 * Where V8 takes a first batch that waits for the rule, it makes all records in the old generation at once: a sink then costs 40 % more,
 * in every second run. How the old generation grows is left to V8: steps of 20 % hold 40 MB less and cost a JDBC sink a third more.
 */
export function useHeapSettings(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
  limitYoungGeneration()
}

/**
 * The young generation doubles to 128 MB where records come fast, and is no quicker then than at a quarter of that. Its limit can only be
 * given on Node's command line; so the growing is ended when it is large enough.
 */
function limitYoungGeneration(): void {
  const observer = new PerformanceObserver(() => {
    if (youngGeneration() < youngGenerationBytes) return
    setFlagsFromString('--semi-space-growth-factor=1')
    observer.disconnect()
  })
  observer.observe({ entryTypes: ['gc'] })
}

/** Bytes. */
function youngGeneration(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0
}
