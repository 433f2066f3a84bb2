import type { ConfigDef } from '../api/config/config-def.ts'
import type { ConnectRecord } from '../api/connect-record.ts'
import type { SchemaAndValue } from '../api/data/schema-and-value.ts'
import { ConnectException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import type { Transformation } from '../api/transformation.ts'
import type { Target } from './target.ts'

/** What a configured transformation does to key or value. Returns the data it was given when nothing changes. */
export type Change = (data: SchemaAndValue, record: ConnectRecord) => SchemaAndValue

/** One class of Connect's, without saying yet whether it is for keys or values. */
export interface SideTransformationType {
  readonly config: ConfigDef
  /** Called once a configuration. @throws ConfigException */
  compile(props: Props): Change
}

/** A transformation of the key or of the value that leaves everything else as it is. */
export abstract class SideTransformation implements Transformation {
  readonly #target: Target
  readonly #type: SideTransformationType
  #change: Change = notConfigured

  constructor(target: Target, type: SideTransformationType) {
    this.#target = target
    this.#type = type
  }

  config(): ConfigDef {
    return this.#type.config
  }

  configure(props: Props): void {
    this.#change = this.#type.compile(props)
  }

  apply<R extends ConnectRecord>(record: R): R {
    const data = this.#target.data(record)
    const changed = this.#change(data, record)
    return changed === data ? record : this.#target.withData(record, changed)
  }
}

/** Stands for what `configure` compiles. */
export function notConfigured(): never {
  throw new ConnectException('The transformation was used before it was configured.')
}
