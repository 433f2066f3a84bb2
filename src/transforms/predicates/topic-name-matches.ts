import { ConfigDef } from '../../api/config/config-def.ts'
import { javaPattern } from '../../api/config/java-pattern.ts'
import type { ConnectRecord } from '../../api/connect-record.ts'
import type { Props } from '../../api/props.ts'
import type { Predicate } from '../../api/transformation.ts'
import { nonEmptyRegex } from '../validators.ts'

const config = new ConfigDef({
  pattern: {
    type: 'string',
    validator: nonEmptyRegex,
    importance: 'medium',
    doc: 'Java regular expression that has to match the topic from start to end.',
  },
})

/** Holds for records of topics with such a name. Apache Kafka 4.3, TopicNameMatches. */
export class TopicNameMatches implements Predicate {
  #pattern = /^$/
  #lastTopic: string | null = null
  #lastResult = false

  config(): ConfigDef {
    return config
  }

  configure(props: Props): void {
    this.#pattern = javaPattern(config.parse(props).pattern)
    this.#lastTopic = null
  }

  /** Records of a batch mostly are of one topic, which is matched once. */
  test(record: ConnectRecord): boolean {
    if (record.topic !== this.#lastTopic) {
      this.#lastResult = this.#pattern.test(record.topic)
      this.#lastTopic = record.topic
    }
    return this.#lastResult
  }
}
