import { ConfigDef } from '../api/config/config-def.ts'
import { javaPattern, javaSearchPattern } from '../api/config/java-pattern.ts'
import type { ConnectRecord } from '../api/connect-record.ts'
import type { Props } from '../api/props.ts'
import type { Transformation } from '../api/transformation.ts'
import { javaReplacement, type Replacement } from './java-replacement.ts'
import { validRegex } from './validators.ts'

const config = new ConfigDef({
  regex: {
    type: 'string',
    validator: validRegex,
    importance: 'high',
    doc: 'Java regular expression. Topics that it matches from start to end are renamed, others not.',
  },
  replacement: { type: 'string', importance: 'high', doc: 'The new name, in which $1 or ${name} stands for a group.' },
})

/** More topics than that are looked at anew each time. */
const rememberedTopics = 1000

/** Renames topics. Apache Kafka 4.3, RegexRouter. */
export class RegexRouter implements Transformation {
  readonly #newTopics = new Map<string, string>()
  #regex = /^$/
  #search = /^$/
  #replacement: Replacement = () => ''
  #lastTopic: string | null = null
  #lastNewTopic = ''

  config(): ConfigDef {
    return config
  }

  configure(props: Props): void {
    const { regex, replacement } = config.parse(props)
    this.#regex = javaPattern(regex)
    this.#search = javaSearchPattern(regex)
    this.#replacement = javaReplacement(replacement)
  }

  apply<R extends ConnectRecord>(record: R): R {
    const { topic } = record
    if (topic !== this.#lastTopic) {
      this.#lastNewTopic = this.#newTopics.get(topic) ?? this.#route(topic)
      this.#lastTopic = topic
    }
    return this.#lastNewTopic === topic ? record : record.newRecord({ topic: this.#lastNewTopic })
  }

  /** The whole topic has to match; what is replaced is the first match, which may be shorter. */
  #route(topic: string): string {
    const match = this.#regex.test(topic) ? this.#search.exec(topic) : null
    const newTopic =
      match === null ? topic : topic.slice(0, match.index) + this.#replacement(match) + topic.slice(match.index + match[0].length)
    if (this.#newTopics.size < rememberedTopics) this.#newTopics.set(topic, newTopic)
    return newTopic
  }
}
