import type { ConfigInput } from './config-type.ts'

/**
 * What validation found about one key. Made by `ConfigDef.validate`; a connector's own checks add to `errorMessages` with `addError`.
 * Apache Kafka 4.3, ConfigValue.
 */
export class ConfigValue {
  readonly name: string
  /** The parsed value, the default, or null when there is none or the text could not be parsed. Long values beyond 2^53 are bigint here. */
  value: ConfigInput
  /** Values a person could choose from; empty: no recommendation. */
  recommendedValues: readonly ConfigInput[] = []
  readonly errorMessages: string[] = []
  /** False: a user interface would not show the key, given the values of the others. */
  visible = true

  constructor(name: string, value: ConfigInput = null) {
    this.name = name
    this.value = value
  }

  addError(message: string): void {
    this.errorMessages.push(message)
  }
}
