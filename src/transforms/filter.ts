import { ConfigDef } from '../api/config/config-def.ts'
import type { Transformation } from '../api/transformation.ts'

const config = new ConfigDef({})

/** Drops every record: of use with a predicate. Apache Kafka 4.3, Filter. */
export class Filter implements Transformation {
  config(): ConfigDef {
    return config
  }

  configure(): void {
    // there is nothing to configure
  }

  apply(): null {
    return null
  }
}
