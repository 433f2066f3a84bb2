import { ConfigException } from '../errors.ts'
import type { ConfigKey, ConfigKeyInfo, KeyDeclaration, KeyDeclarations } from './config-key.ts'
import { configText, parseType, type ConfigInput, type ConfigType, type ConfigTypes } from './config-type.ts'
import { ConfigValue } from './config-value.ts'
import { Password } from './password.ts'
import { originalsWithPrefix, type NullableProps } from './prefix.ts'
import type { ListValidator, Validator } from './validators.ts'

type ValueOf<Key extends KeyDeclaration> = Key extends { readonly default: null }
  ? ConfigTypes[Key['type']] | null
  : ConfigTypes[Key['type']]

/** The values of a configuration, by key. A key that is set to null (possible in JSON only) is null whatever its declaration says. */
export type ParsedConfig<Keys extends KeyDeclarations> = { readonly [Name in keyof Keys]: ValueOf<Keys[Name]> }

/** What parsing may ask of its surroundings. */
export interface ParseOptions {
  /** The full name of a class by full name, simple name or alias; null: there is none. Absent: names are taken as they are. */
  readonly resolveClass?: (name: string) => string | null
}

/**
 * Declared configuration keys: parsing, validation, TypeScript types, tables and REST answers come from this one object.
 * Immutable. Behaves as Apache Kafka 4.3, ConfigDef: values are trimmed, unknown keys are left alone.
 */
export class ConfigDef<const Keys extends KeyDeclarations = KeyDeclarations> {
  /** The literal it was made of, to build larger definitions: `new ConfigDef({ ...base.declarations, … })`. */
  readonly declarations: Keys
  /** In declared order. */
  readonly keys: ReadonlyMap<string, ConfigKey>

  /** @throws ConfigException when a default does not fit its own key */
  constructor(declarations: Keys) {
    this.declarations = declarations
    this.keys = new Map(Object.entries(declarations).map(([name, declaration]) => [name, configKey(name, declaration)]))
  }

  /**
   * Reads every declared key. @throws ConfigException for the first key that is missing or wrong, in declared order
   */
  parse(props: NullableProps, options: ParseOptions = {}): ParsedConfig<Keys> {
    const entries = Array.from(this.keys.values(), (key) => [key.name, toNumber(parseKey(key, props, options))] as const)
    return Object.fromEntries(entries) as ParsedConfig<Keys>
  }

  /**
   * As `parse`, but a key that is also there with the prefix has that value: `security.protocol` from `producer.security.protocol`.
   */
  parseWithPrefixOverride(props: NullableProps, prefix: string, options: ParseOptions = {}): ParsedConfig<Keys> {
    return this.parse({ ...props, ...originalsWithPrefix(props, prefix) }, options)
  }

  /** Checks every key and reports all problems, in declared order. @param props the whole configuration */
  validate(props: NullableProps, options: ParseOptions = {}): ConfigValue[] {
    const values = new Map(Array.from(this.keys.keys(), (name) => [name, new ConfigValue(name)]))
    for (const name of undefinedDependents(this.keys)) values.set(name, undefinedDependent(name))
    const parsed = new Map<string, ConfigInput>()
    for (const name of keysWithoutParent(this.keys)) this.#validateKey(name, props, options, values, parsed)
    for (const name of keysWithoutParent(this.keys)) this.#recommend(name, values, parsed)
    return [...values.values()]
  }

  /** The keys in the form of REST answers. */
  definitions(): ConfigKeyInfo[] {
    return Array.from(this.keys.values(), configKeyInfo)
  }

  /** Keys of the configuration that are not declared here, in its order. */
  unknownKeys(props: NullableProps): string[] {
    return Object.keys(props).filter((name) => !this.keys.has(name))
  }

  #validateKey(
    name: string,
    props: NullableProps,
    options: ParseOptions,
    values: Map<string, ConfigValue>,
    parsed: Map<string, ConfigInput>,
  ): void {
    const key = this.keys.get(name)
    const result = values.get(name)
    if (key === undefined || result === undefined) return
    const value = orError(result, () => parseValue(key, props, options))
    orError(result, () => key.validator?.ensureValid(name, value))
    result.value = value
    parsed.set(name, value)
    for (const dependent of key.dependents) this.#validateKey(dependent, props, options, values, parsed)
  }

  #recommend(name: string, values: Map<string, ConfigValue>, parsed: Map<string, ConfigInput>): void {
    const key = this.keys.get(name)
    const result = values.get(name)
    if (key === undefined || result === undefined) return
    const { recommender } = key
    if (recommender !== null) {
      orError(result, () => {
        result.recommendedValues = recommender.validValues(name, parsed)
        result.visible = recommender.visible(name, parsed)
      })
    }
    for (const dependent of key.dependents) this.#recommend(dependent, values, parsed)
  }
}

function configKey(name: string, declaration: KeyDeclaration): ConfigKey {
  const hasDefault = declaration.default !== undefined
  const defaultValue = parsedDefault(name, declaration)
  const validator: Validator | null = declaration.validator ?? null
  if (hasDefault) validator?.ensureValid(name, defaultValue)
  return {
    name,
    type: declaration.type,
    hasDefault,
    defaultValue,
    validator,
    importance: declaration.importance,
    doc: declaration.doc,
    group: declaration.group ?? null,
    orderInGroup: declaration.orderInGroup ?? -1,
    width: declaration.width ?? 'none',
    displayName: declaration.displayName ?? name,
    dependents: declaration.dependents ?? [],
    recommender: declaration.recommender ?? null,
  }
}

function parsedDefault(name: string, declaration: KeyDeclaration): ConfigInput {
  const value = declaration.default ?? null
  if (typeof value !== 'string') return value
  return parseType(name, value, declaration.type)
}

function parseKey(key: ConfigKey, props: NullableProps, options: ParseOptions): ConfigInput {
  const value = withoutDuplicates(key, parseValue(key, props, options))
  key.validator?.ensureValid(key.name, value)
  return value
}

function parseValue(key: ConfigKey, props: NullableProps, options: ParseOptions): ConfigInput {
  if (Object.hasOwn(props, key.name)) return parseText(key, props[key.name] ?? null, options)
  if (key.hasDefault) return key.defaultValue
  throw new ConfigException(`Missing required configuration "${key.name}" which has no default value.`)
}

function parseText(key: ConfigKey, text: string | null, { resolveClass }: ParseOptions): ConfigInput {
  const value = parseType(key.name, text, key.type)
  if (key.type !== 'class' || typeof value !== 'string' || resolveClass === undefined) return value
  const className = resolveClass(value)
  if (className === null) throw ConfigException.forKey(key.name, text, `Class ${String(text)} could not be found.`)
  return className
}

function withoutDuplicates(key: ConfigKey, value: ConfigInput): ConfigInput {
  return Array.isArray(value) && isListValidator(key.validator) ? [...new Set(value as readonly string[])] : value
}

function isListValidator(validator: Validator | ListValidator | null): boolean {
  return validator !== null && 'dropsDuplicates' in validator
}

function toNumber(value: ConfigInput): ConfigInput {
  return typeof value === 'bigint' ? Number(value) : value
}

function orError(result: ConfigValue, action: () => ConfigInput | void): ConfigInput {
  try {
    return action() ?? null
  } catch (error) {
    if (!(error instanceof ConfigException)) throw error
    result.addError(error.message)
    return null
  }
}

function undefinedDependents(keys: ReadonlyMap<string, ConfigKey>): string[] {
  return [...keys.values()].flatMap((key) => key.dependents).filter((name) => !keys.has(name))
}

function undefinedDependent(name: string): ConfigValue {
  const value = new ConfigValue(name)
  value.addError(`${name} is referred in the dependents, but not defined.`)
  value.visible = false
  return value
}

function keysWithoutParent(keys: ReadonlyMap<string, ConfigKey>): string[] {
  const children = new Set([...keys.values()].flatMap((key) => key.dependents))
  return [...keys.keys()].filter((name) => !children.has(name))
}

/** A key in the form of REST answers. */
export function configKeyInfo(key: ConfigKey): ConfigKeyInfo {
  return {
    name: key.name,
    type: key.type.toUpperCase() as Uppercase<ConfigType>,
    required: !key.hasDefault,
    default_value: key.defaultValue instanceof Password ? key.defaultValue.toString() : configText(key.defaultValue, key.type),
    importance: key.importance.toUpperCase() as ConfigKeyInfo['importance'],
    documentation: key.doc,
    group: key.group,
    order_in_group: key.orderInGroup,
    width: key.width.toUpperCase() as ConfigKeyInfo['width'],
    display_name: key.displayName,
    dependents: key.dependents,
  }
}
