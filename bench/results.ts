import { appendFileSync } from 'node:fs'

/** Every figure a benchmark can report, in the order of the table. */
const METRICS = {
  parseMicros: { title: 'µs to read a record', better: 'lower', digits: 2 },
  chainMicros: { title: 'µs of the chain beyond that', better: 'lower', digits: 2 },
  readySeconds: { title: 'start to ready, s', better: 'lower', digits: 2 },
  firstRecordSeconds: { title: 'start to first record at the sink, s', better: 'lower', digits: 2 },
  startCpuSeconds: { title: 'CPU of the start, s', better: 'lower', digits: 2 },
  idleMb: { title: 'memory when idle, MB', better: 'lower', digits: 0 },
  idleCpuPercent: { title: 'CPU when idle, % of a core', better: 'lower', digits: 2 },
  rate: { title: 'records/s, first to last', better: 'higher', digits: 0 },
  rateWithStart: { title: 'records/s, process start in', better: 'higher', digits: 0 },
  cpuMicros: { title: 'CPU µs per record, first to last', better: 'lower', digits: 2 },
  cpuMicrosWithStart: { title: 'CPU µs per record, process start in', better: 'lower', digits: 2 },
  p50Millis: { title: 'median latency, ms', better: 'lower', digits: 0 },
  p99Millis: { title: '99th percentile of latency, ms', better: 'lower', digits: 0 },
  peakMb: { title: 'peak memory, MB', better: 'lower', digits: 0 },
} as const

export type Metrics = Partial<Record<keyof typeof METRICS, number>>

export interface Run {
  readonly case: string
  readonly side: string
  readonly round: number
  readonly metrics: Metrics
}

/** Runs of one benchmark: kept as JSON lines while it goes on, shown as medians side by side at the end. */
export class Results {
  readonly #file: string
  readonly #runs: Run[] = []

  constructor(file: string) {
    this.#file = file
  }

  add(run: Run): void {
    this.#runs.push(run)
    appendFileSync(this.#file, `${JSON.stringify(run)}\n`)
    const figures = metricNames(run.metrics).map((name) => `${METRICS[name].title} ${shown(name, run.metrics[name] ?? NaN)}`)
    console.log(`round ${run.round}  ${run.case}  ${run.side}: ${figures.join('; ')}`)
  }

  /** A Markdown table of medians with the range of all rounds; "better by" is above 1 where `ours` is the better one. */
  table(ours: string, peer: string): string {
    const rows = [`| case | figure | ${ours} | ${peer} | better by |`, '| --- | --- | --- | --- | --- |']
    for (const name of new Set(this.#runs.map((run) => run.case))) {
      for (const metric of Object.keys(METRICS) as (keyof Metrics)[]) {
        const mine = this.#values(name, ours, metric)
        const theirs = this.#values(name, peer, metric)
        if (mine.length + theirs.length === 0) continue
        const ratio = METRICS[metric].better === 'higher' ? median(mine) / median(theirs) : median(theirs) / median(mine)
        rows.push(`| ${name} | ${METRICS[metric].title} | ${summary(metric, mine)} | ${summary(metric, theirs)} | ${formatRatio(ratio)} |`)
      }
    }
    return rows.join('\n')
  }

  #values(name: string, side: string, metric: keyof Metrics): number[] {
    return this.#runs.flatMap((run) => (run.case === name && run.side === side ? [run.metrics[metric] ?? NaN] : [])).filter(Number.isFinite)
  }
}

function metricNames(metrics: Metrics): (keyof Metrics)[] {
  return (Object.keys(METRICS) as (keyof Metrics)[]).filter((name) => metrics[name] !== undefined)
}

function summary(metric: keyof Metrics, values: readonly number[]): string {
  if (values.length === 0) return '–'
  const range = `${shown(metric, Math.min(...values))} to ${shown(metric, Math.max(...values))}`
  return values.length === 1 ? shown(metric, median(values)) : `**${shown(metric, median(values))}** (${range})`
}

function shown(metric: keyof Metrics, value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: METRICS[metric].digits, minimumFractionDigits: METRICS[metric].digits })
}

function formatRatio(ratio: number): string {
  return Number.isFinite(ratio) ? `${ratio.toFixed(2)} ×` : '–'
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
