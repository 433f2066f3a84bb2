import { doubleText } from '../data/java-number-text.ts'
import { javaText } from '../data/java-text.ts'
import { ConfigException } from '../errors.ts'
import type { ConfigInput } from './config-type.ts'

/**
 * Checks a parsed value. Called by `ConfigDef` when it parses and when it validates, with null when there is no value.
 * The sentences are those of Apache Kafka 4.3, ConfigDef.
 */
export interface Validator<Value extends ConfigInput = ConfigInput> {
  /** @throws ConfigException when the value is not valid */
  ensureValid(name: string, value: Value | null): void
  /** What is valid, for tables: `[1,...]`, `[none, restart]`. */
  toString(): string
}

/** Java's ValidList: the one validator that lets repeated items of a list be dropped when a configuration is parsed. */
export interface ListValidator extends Validator<readonly string[]> {
  readonly dropsDuplicates: true
}

/** A validator of one function, with the text for tables. */
export function lambda<Value extends ConfigInput>(
  ensureValid: (name: string, value: Value | null) => void,
  validValues: string,
): Validator<Value> {
  return { ensureValid, toString: () => validValues }
}

/** Refuses the empty string; null passes. */
export const nonEmptyString = lambda<string>((name, value) => {
  if (value === '') throw ConfigException.forKey(name, value, 'String must be non-empty')
}, 'non-empty string')

/** Refuses null, which a key has that is set to null or defaults to it. */
export const nonNull = lambda<ConfigInput>((name, value) => {
  if (value === null) throw ConfigException.forKey(name, value, 'entry must be non null')
}, 'non-null string')

/** Refuses the empty string and ISO control characters; null passes. */
export const nonEmptyStringWithoutControlChars = lambda<string>((name, value) => {
  if (value === null) return
  if (value === '') throw ConfigException.forKey(name, value, 'String may not be empty')
  const found = [...value].map((char) => char.codePointAt(0) ?? 0).filter((code) => code <= 0x1f || (code >= 0x7f && code <= 0x9f))
  if (found.length > 0) {
    throw ConfigException.forKey(
      name,
      value,
      `String may not contain control sequences but had the following ASCII chars: ${found.join(', ')}`,
    )
  }
}, 'non-empty string without ISO control characters')

/** A number from `min`; null is refused. */
export function atLeast(min: number): Validator<number> {
  return range(min, null, String)
}

/** A number from `min` to `max`, both included; null is refused. */
export function between(min: number, max: number): Validator<number> {
  return range(min, max, String)
}

/** `between` for keys of type double, whose texts show a fraction. */
export function doubleBetween(min: number, max: number): Validator<number> {
  return range(min, max, doubleText)
}

function range(min: number, max: number | null, text: (value: number) => string): Validator<number> {
  const refuse = (name: string, value: number, reason: string) =>
    ConfigException.forKey(name, typeof value === 'number' ? text(value) : value, reason)
  return lambda<number>(
    (name, value) => {
      if (value === null) throw ConfigException.forKey(name, value, 'Value must be non-null')
      if (value < min) throw refuse(name, value, `Value must be at least ${text(min)}`)
      if (max !== null && value > max) throw refuse(name, value, `Value must be no more than ${text(max)}`)
    },
    max === null ? `[${text(min)},...]` : `[${text(min)},...,${text(max)}]`,
  )
}

/** One of these texts, by case. Null among them lets null pass. */
export function validString(...values: readonly (string | null)[]): Validator<string> {
  const list = values.map(String).join(', ')
  return lambda<string>((name, value) => {
    if (!values.includes(value)) throw ConfigException.forKey(name, value, `String must be one of: ${list}`)
  }, `[${list}]`)
}

/** One of these texts in any case; null is refused. */
export function caseInsensitiveValidString(...values: readonly string[]): Validator<string> {
  const allowed = values.map((value) => value.toUpperCase())
  const list = allowed.join(', ')
  return lambda<string>((name, value) => {
    if (value !== null && allowed.includes(value.toUpperCase())) return
    throw ConfigException.forKey(name, value, `String must be one of (case insensitive): ${list}`)
  }, `(case insensitive) [${list}]`)
}

/** Options of `validList`. */
export interface ValidListOptions {
  /** Default true. */
  readonly allowEmpty?: boolean
  /** Default false. */
  readonly allowNull?: boolean
  /** The items allowed; absent: any. */
  readonly values?: readonly string[]
}

/** A list without empty or repeated items. When a configuration is parsed, not validated, repeated items are dropped instead. */
export function validList(options: ValidListOptions = {}): ListValidator {
  const { allowEmpty = true, allowNull = false, values } = options
  const item = values === undefined ? null : validString(...values)
  const validValues = item === null ? '' : item.toString()
  return {
    dropsDuplicates: true,
    toString: () => validValues,
    ensureValid(name, value) {
      if (value === null) {
        if (allowNull) return
        throw new ConfigException(`Configuration '${name}' values must not be null.`)
      }
      if (!allowEmpty && value.length === 0) {
        throw new ConfigException(
          `Configuration '${name}' must not be empty. Valid values include: ${validValues === '' ? 'any non-empty value' : validValues}`,
        )
      }
      if (new Set(value).size !== value.length) throw new ConfigException(`Configuration '${name}' values must not be duplicated.`)
      for (const text of value) {
        if (text === '') throw new ConfigException(`Configuration '${name}' values must not be empty.`)
        item?.ensureValid(name, text)
      }
    },
  }
}

/** A list of at most so many items. */
export function listOfAtMost(size: number): Validator<readonly string[]> {
  return lambda<readonly string[]>((name, value) => {
    if (value !== null && value.length > size) {
      throw ConfigException.forKey(name, javaText(value, null), `exceeds maximum list size of [${size}].`)
    }
  }, `List containing maximum of ${size} elements`)
}

/** All of these, in order; the first that refuses speaks. */
export function composite<Value extends ConfigInput>(...validators: readonly Validator<Value>[]): Validator<Value> {
  return lambda<Value>((name, value) => {
    for (const validator of validators) validator.ensureValid(name, value)
  }, validators.map(String).join(', '))
}
