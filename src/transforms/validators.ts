import { javaPattern, JavaPatternError } from '../api/config/java-pattern.ts'
import { composite, lambda, nonEmptyString } from '../api/config/validators.ts'
import { javaText } from '../api/data/java-text.ts'
import { ConfigException } from '../api/errors.ts'

/** A list with at least one item. Apache Kafka 4.3, NonEmptyListValidator. */
export const nonEmptyList = lambda<readonly string[]>((name, value) => {
  if (value === null || value.length === 0) throw ConfigException.forKey(name, javaText(value, null), 'Empty list')
}, 'non-empty list')

/** A regular expression in Java's syntax. Apache Kafka 4.3, RegexValidator. */
export const validRegex = lambda<string>((name, value) => {
  try {
    javaPattern(value ?? '')
  } catch (error) {
    if (!(error instanceof JavaPatternError)) throw error
    throw ConfigException.forKey(name, value, `Invalid regex: ${error.message}`)
  }
}, 'valid regex')

export const nonEmptyRegex = composite(nonEmptyString, validRegex)

/** Java's String.split: empty parts at the end are left out. */
export function splitColons(text: string): string[] {
  const parts = text.split(':')
  while (parts.length > 0 && parts.at(-1) === '') parts.pop()
  return text === '' ? [''] : parts
}
