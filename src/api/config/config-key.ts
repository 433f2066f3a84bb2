import type { Password } from './password.ts'
import type { ConfigInput, ConfigType, ConfigTypes } from './config-type.ts'
import type { Validator } from './validators.ts'

/** How much a key matters to whoever configures. */
export type Importance = 'high' | 'medium' | 'low'

/** How much room a value needs on a screen. */
export type Width = 'none' | 'short' | 'medium' | 'long'

/** Values already parsed, by key, as recommenders see them. */
export type ParsedValues = ReadonlyMap<string, ConfigInput>

/** Says which values a key could have, given the others. Called by `ConfigDef.validate`. */
export interface Recommender {
  /** @throws ConfigException: its text becomes an error of the key */
  validValues(name: string, parsed: ParsedValues): readonly ConfigInput[]
  /** False: the key is of no use with these other values. */
  visible(name: string, parsed: ParsedValues): boolean
}

type DefaultValue<Type extends ConfigType> = Type extends 'password' ? Password | string : ConfigTypes[Type]

interface DeclarationOf<Type extends ConfigType> {
  readonly type: Type
  /** Absent: the key is required. Null: the key is optional and has no value unless set. */
  readonly default?: DefaultValue<Type> | null
  readonly validator?: Validator<ConfigTypes[Type]>
  readonly importance: Importance
  /** What the key does, in a sentence or two, with its unit. Shown in tables and REST answers. */
  readonly doc: string
  readonly group?: string
  /** Position in the group, from 1. */
  readonly orderInGroup?: number
  readonly width?: Width
  /** Default: the key's name. */
  readonly displayName?: string
  /** Keys whose validity or visibility depends on this one. */
  readonly dependents?: readonly string[]
  readonly recommender?: Recommender
}

/** One key, as a `ConfigDef` declares it. */
export type KeyDeclaration = { [Type in ConfigType]: DeclarationOf<Type> }[ConfigType]

/** Keys by name, in the order of the documentation. */
export type KeyDeclarations = Readonly<Record<string, KeyDeclaration>>

/** A declared key with everything that was left out filled in. */
export interface ConfigKey {
  readonly name: string
  readonly type: ConfigType
  readonly hasDefault: boolean
  /** Null when there is none. */
  readonly defaultValue: ConfigInput
  readonly validator: Validator | null
  readonly importance: Importance
  readonly doc: string
  readonly group: string | null
  /** -1: none given. */
  readonly orderInGroup: number
  readonly width: Width
  readonly displayName: string
  readonly dependents: readonly string[]
  readonly recommender: Recommender | null
}

/** A key as `GET /connector-plugins/{plugin}/config` and `/validate` answer it. Apache Kafka 4.3, ConfigKeyInfo. */
export interface ConfigKeyInfo {
  readonly name: string
  readonly type: Uppercase<ConfigType>
  readonly required: boolean
  readonly default_value: string | null
  readonly importance: Uppercase<Importance>
  readonly documentation: string
  readonly group: string | null
  readonly order_in_group: number
  readonly width: Uppercase<Width>
  readonly display_name: string
  readonly dependents: readonly string[]
}
