import { taskMetricIndex, type TaskMetrics, type TaskPhase } from '../metrics/task-metrics.ts'
import { PhaseClock, phaseTimeIndex } from './phase-clock.ts'

const readTotal = taskMetricIndex('sink-record-read-total')
const sendTotal = taskMetricIndex('sink-record-send-total')
const activeCount = taskMetricIndex('sink-record-active-count')
const lagGauge = taskMetricIndex('sink-record-lag')
const partitionCount = taskMetricIndex('partition-count')
const commitTotal = taskMetricIndex('offset-commit-completion-total')

/** What a sink's loop counts, and where its time goes: it is in one phase at a time. Called a few times a batch, never per record. */
export class SinkTaskMetrics {
  readonly #numbers: TaskMetrics
  readonly #clock: PhaseClock
  #phase: TaskPhase = 'idle'

  constructor(numbers: TaskMetrics) {
    this.#numbers = numbers
    this.#clock = new PhaseClock(numbers)
  }

  /** @returns the phase that ends, for those who go back to it */
  enter(phase: TaskPhase): TaskPhase {
    const ended = this.#phase
    const spent = this.#clock.lap()
    if (ended !== 'idle') this.#numbers.add(phaseTimeIndex[ended], spent)
    this.#phase = phase
    this.#clock.show(phase)
    return ended
  }

  /** Ends the work of converting and transforming, which goes record by record through both. @param transformShare 0 to 1 */
  converted(transformShare: number): void {
    const spent = this.#clock.lap()
    this.#numbers.add(phaseTimeIndex.convert, spent * (1 - transformShare))
    this.#numbers.add(phaseTimeIndex.transform, spent * transformShare)
  }

  read(records: number, lag: number): void {
    this.#numbers.add(readTotal, records)
    this.#numbers.add(activeCount, records)
    this.#numbers.set(lagGauge, lag)
  }

  sent(records: number): void {
    this.#numbers.add(sendTotal, records)
  }

  committed(): void {
    this.#numbers.add(commitTotal, 1)
  }

  /** @param uncommitted records read and not committed, by their offsets */
  active(uncommitted: number): void {
    this.#numbers.set(activeCount, uncommitted)
  }

  assigned(partitions: number, lag: number): void {
    this.#numbers.set(partitionCount, partitions)
    this.#numbers.set(lagGauge, lag)
  }
}
