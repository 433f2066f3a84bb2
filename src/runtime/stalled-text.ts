import type { TaskMetrics, TaskPhase } from '../metrics/task-metrics.ts'

type TaskKind = 'source' | 'sink'
type WorkPhase = Exclude<TaskPhase, 'idle'>
/** Milliseconds that a task spent in each. */
export type PhaseTimes = Readonly<Record<WorkPhase, number>>

const workPhases: readonly WorkPhase[] = ['poll', 'convert', 'transform', 'put', 'commit']

/** Finished phases and what the current one has taken so far. */
export function phaseTimes(metrics: TaskMetrics, now: number): PhaseTimes {
  const { phase, since } = metrics.phase()
  const ongoing = (name: WorkPhase): number => (name === phase ? Math.max(now - since, 0) : 0)
  const total = (name: WorkPhase): number => metrics.get(`${name}-time-ms-total`) + ongoing(name)
  return { poll: total('poll'), convert: total('convert'), transform: total('transform'), put: total('put'), commit: total('commit') }
}

/**
 * What a task that gets nowhere is doing.
 * @param since when it last got on, and `times` as they were then
 * @param silentSince since when its thread does not answer; null: it answers
 */
export function stalledText(
  { kind, metrics }: { readonly kind: TaskKind; readonly metrics: TaskMetrics },
  { since, times }: { readonly since: number; readonly times: PhaseTimes },
  silentSince: number | null,
  now: number,
): string {
  const { phase, since: inPhaseSince } = metrics.phase()
  const place = phase === 'idle' ? 'between two steps' : `in ${phaseWords[kind][phase]} since ${isoTime(inPhaseSince)}`
  const silence =
    silentSince === null
      ? ''
      : `. Its thread has not answered since ${isoTime(silentSince)}: something there works without ever waiting, such as an endless loop`
  return `${undone(kind, metrics, seconds(now - since))}. The task is ${place}; ${timeShares(kind, times, phaseTimes(metrics, now))}${silence}`
}

function undone(kind: TaskKind, metrics: TaskMetrics, time: string): string {
  const active = metrics.get(`${kind}-record-active-count`)
  const lag = metrics.get('sink-record-lag')
  if (active === 0 && lag === 0) return `Nothing was done for ${time}`
  if (kind === 'source') return `Kafka acknowledged no record for ${time}, although ${active} are polled and not acknowledged`
  return `put() took no record for ${time}, although ${lag} wait in Kafka and ${active} are read and not committed`
}

/** `since the last progress it spent 98 % in put(), 2 % in converters`. */
function timeShares(kind: TaskKind, before: PhaseTimes, after: PhaseTimes): string {
  const spent = workPhases.map((phase) => ({ phase, ms: after[phase] - before[phase] })).filter(({ ms }) => ms > 0)
  const all = spent.reduce((sum, { ms }) => sum + ms, 0)
  if (all === 0) return 'since the last progress it spent no time in any step'
  const shares = spent.sort((a, b) => b.ms - a.ms).map(({ phase, ms }) => `${Math.round((100 * ms) / all)} % in ${phaseWords[kind][phase]}`)
  return `since the last progress it spent ${shares.join(', ')}`
}

const phaseWords: Readonly<Record<TaskKind, Readonly<Record<WorkPhase, string>>>> = {
  source: {
    poll: 'poll() of the task',
    convert: 'converters',
    transform: 'transformations',
    put: 'handing records to the producer',
    commit: 'the commit of offsets',
  },
  sink: {
    poll: 'poll() of the consumer',
    convert: 'converters',
    transform: 'transformations',
    put: 'put() of the task',
    commit: 'preCommit() and the commit of offsets',
  },
}

export function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
