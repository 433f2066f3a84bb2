import type { ConnectRecord } from '../api/connect-record.ts'
import type { Predicate, Transformation } from '../api/transformation.ts'
import type { ProcessingContext } from './errors/processing-context.ts'

/** One transformation of a chain with its condition. */
export interface TransformationStage {
  readonly className: string
  readonly transformation: Transformation
  /** Null: always. */
  readonly predicate: Predicate | null
  /** Apply where the predicate does not hold. */
  readonly negate: boolean
}

/** The `transforms` of a connector, in order. A null ends the chain: the record is dropped. */
export class TransformationChain {
  readonly #stages: readonly TransformationStage[]
  readonly #context: ProcessingContext

  constructor(stages: readonly TransformationStage[], context: ProcessingContext) {
    this.#stages = stages
    this.#context = context
  }

  /** @throws whatever a transformation throws; `context` names the one */
  apply<R extends ConnectRecord>(record: R): R | null {
    let current: R | null = record
    for (const stage of this.#stages) {
      this.#context.stage = 'TRANSFORMATION'
      this.#context.executing = stage.className
      if (stage.predicate !== null && stage.predicate.test(current) === stage.negate) continue
      current = stage.transformation.apply(current)
      if (current === null) return null
    }
    return current
  }

  close(): void {
    for (const { transformation, predicate } of this.#stages) {
      transformation.close?.()
      predicate?.close?.()
    }
  }
}
