import { ConfigDef } from '../api/config/config-def.ts'
import type { ConnectRecord } from '../api/connect-record.ts'
import { ConfigException, DataException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import type { Transformation } from '../api/transformation.ts'
import { SimpleDateFormat } from './date-format/simple-date-format.ts'
import { recordText } from './record-text.ts'

const config = new ConfigDef({
  'topic.format': {
    type: 'string',
    default: '${topic}-${timestamp}',
    importance: 'high',
    doc: 'The new topic, in which ${topic} and ${timestamp} stand for the old one and the time.',
  },
  'timestamp.format': {
    type: 'string',
    default: 'yyyyMMdd',
    importance: 'high',
    doc: "Pattern of java.text.SimpleDateFormat for the record's timestamp, in UTC.",
  },
})

/** Renames topics by the time of the record. Apache Kafka 4.3, TimestampRouter. */
export class TimestampRouter implements Transformation {
  #topicFormat = ''
  #timestampFormat = new SimpleDateFormat('yyyyMMdd')

  config(): ConfigDef {
    return config
  }

  configure(props: Props): void {
    const parsed = config.parse(props)
    this.#topicFormat = parsed['topic.format']
    this.#timestampFormat = dateFormat(parsed['timestamp.format'])
  }

  apply<R extends ConnectRecord>(record: R): R {
    const { timestamp } = record
    if (timestamp === null) throw new DataException(`Timestamp missing on record: ${recordText(record)}`)
    const time = this.#timestampFormat.format(timestamp)
    const topic = this.#topicFormat.replaceAll('${topic}', () => record.topic).replaceAll('${timestamp}', () => time)
    return record.newRecord({ topic })
  }
}

function dateFormat(pattern: string): SimpleDateFormat {
  try {
    return new SimpleDateFormat(pattern)
  } catch (error) {
    throw ConfigException.forKey('timestamp.format', pattern, error instanceof Error ? error.message : String(error))
  }
}
