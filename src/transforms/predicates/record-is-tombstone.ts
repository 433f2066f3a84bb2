import { ConfigDef } from '../../api/config/config-def.ts'
import type { ConnectRecord } from '../../api/connect-record.ts'
import type { Predicate } from '../../api/transformation.ts'
import { isNull } from '../target.ts'

const config = new ConfigDef({})

/** Holds for records whose value is null. Apache Kafka 4.3, RecordIsTombstone. */
export class RecordIsTombstone implements Predicate {
  config(): ConfigDef {
    return config
  }

  configure(): void {
    // there is nothing to configure
  }

  test(record: ConnectRecord): boolean {
    return isNull(record.valueData)
  }
}
