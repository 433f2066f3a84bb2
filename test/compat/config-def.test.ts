import { afterAll, describe, expect, it } from 'vitest'
import type { ConfigProvider } from '../../src/api/config-provider.ts'
import { ConfigDef } from '../../src/api/config/config-def.ts'
import type { KeyDeclaration, KeyDeclarations } from '../../src/api/config/config-key.ts'
import type { ConfigInput, ConfigType } from '../../src/api/config/config-type.ts'
import { Password } from '../../src/api/config/password.ts'
import { originalsWithPrefix, type NullableProps } from '../../src/api/config/prefix.ts'
import * as validators from '../../src/api/config/validators.ts'
import { ConfigTransformer } from '../../src/runtime/config-transformer.ts'
import { expectThrown, readCases, type RecordedCase, type TaggedValue } from '../support/compat-data.ts'

interface RecordedKey {
  readonly name: string
  readonly type: string
  readonly required?: boolean
  readonly default?: TaggedValue
  readonly validator?: string
}

interface Case extends RecordedCase {
  readonly op: string
  readonly definition?: readonly RecordedKey[]
  readonly config?: NullableProps
  readonly input?: string
  readonly want?: unknown
}

const cases = readCases<Case>('config-def')
let passed = 0

describe('configurations are parsed and validated as ConfigDef does', () => {
  afterAll(() => console.log(`compat config-def: ${passed} of ${cases.length}`))

  it.each(cases)('$name', async (recorded) => {
    if (recorded.error === undefined) {
      expect(await run(recorded)).toEqual(recorded.op.startsWith('ConfigTransformer') ? recorded.want : plain(recorded.want as TaggedValue))
    } else {
      const error = await run(recorded).then(
        () => expect.unreachable('expected an error'),
        (thrown: unknown) => thrown,
      )
      expectThrown(error, recorded.error)
    }
    passed++
  })
})

async function run({ op, definition = [], config = {}, input = '' }: Case): Promise<unknown> {
  const def = definitionOf(definition)
  const resolveClass = (name: string) => (name.startsWith('java.lang.') ? name : null)
  const prefix = /\("(.*)"\)/.exec(op)?.[1] ?? 'pre.'
  const operation = op.replace(/\(.*/, '')
  switch (operation) {
    case 'parse':
    case 'values':
      return plain(def.parse(config, { resolveClass }) as Record<string, ConfigInput>)
    case 'validate':
      return plain(
        def
          .validate(config, { resolveClass })
          .map(({ name, value, errorMessages }) => ({ name, value, errors: errorMessages }))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      )
    case 'originalsWithPrefix':
      return prefix === '' ? config : originalsWithPrefix(config, prefix)
    case 'valuesWithPrefixOverride':
    case 'values of the wrong prefix type':
      return plain(def.parseWithPrefixOverride(config, prefix) as Record<string, ConfigInput>)
    case 'unused':
      return Object.fromEntries(def.unknownKeys(config).map((key) => [key, true]))
    case 'ConfigTransformer.transform':
      return (await new ConfigTransformer(new Map([...providers])).transform({ key: input })).key
    default:
      throw new Error(`unknown operation ${op}`)
  }
}

/** The providers every recorded case of variables has. */
const providers: readonly (readonly [string, ConfigProvider])[] = [
  ['env', providerOf({ '': { FOO: 'foo', BAR: 'bar', RECURSIVE: '${env:FOO}', DOLLAR: 'a$1\\b' } })],
  ['p', providerOf({ path: { one: '1', two: '2' }, a: { 'b:c': 'colon' } })],
]

function providerOf(paths: Record<string, Record<string, string>>): ConfigProvider {
  return {
    configure: () => {},
    get: (path, keys) => new Map(Object.entries(paths[path] ?? {}).filter(([key]) => keys.has(key))),
  }
}

function definitionOf(keys: readonly RecordedKey[]): ConfigDef {
  const declarations = keys.map(({ name, type, default: value, required, validator }) => {
    const declaration = {
      type: type.toLowerCase() as ConfigType,
      importance: 'high',
      doc: 'a key',
      ...(required === true ? {} : { default: plain(value ?? null) }),
      ...(validator === undefined ? {} : { validator: validatorOf(validator) }),
    }
    return [name, declaration as KeyDeclaration] as const
  })
  return new ConfigDef(Object.fromEntries(declarations) as KeyDeclarations)
}

/** The validator that Java's text names, such as `Range.between(1,10)`. */
function validatorOf(text: string): validators.Validator {
  const [, name = '', list = ''] = /^([\w.]+)(?:\((.*)\))?$/s.exec(text)!
  if (name === 'CompositeValidator.of') return validators.composite(...list.split(/,(?=[A-Z])/).map(validatorOf))
  const args = list === '' ? [] : list.split(',')
  const numbers = args.map(Number) as [number, number]
  switch (name) {
    case 'Range.between':
      return args.some((arg) => arg.includes('.')) ? validators.doubleBetween(...numbers) : validators.between(...numbers)
    case 'Range.atLeast':
      return validators.atLeast(numbers[0])
    case 'ValidString.in':
      return validators.validString(...args.map((arg) => (arg === 'null' ? null : arg)))
    case 'CaseInsensitiveValidString.in':
      return validators.caseInsensitiveValidString(...args)
    case 'NonEmptyString':
      return validators.nonEmptyString
    case 'NonNullValidator':
      return validators.nonNull
    case 'NonEmptyStringWithoutControlChars':
      return validators.nonEmptyStringWithoutControlChars
    case 'ValidList.in':
      return args[0] === 'true' || args[0] === 'false'
        ? validators.validList({ allowEmpty: args[0] === 'true', values: args.slice(1) })
        : validators.validList({ values: args })
    case 'ValidList.anyNonDuplicateValues':
      return validators.validList({ allowEmpty: args[0] === 'true', allowNull: args[1] === 'true' })
    case 'ListSize.atMostOfSize':
      return validators.listOfAtMost(numbers[0])
    default:
      throw new Error(`unknown validator ${text}`)
  }
}

/** Tagged and parsed values as what `toEqual` can compare: numbers by value, passwords by their secret. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Password) return value.value()
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  const [[tag, content] = ['', null]] = Object.entries(value)
  if (/^\$(int|float)/.test(tag)) return Number(content)
  if (/^\$(password|class)$/.test(tag)) return content
  return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, plain(element)]))
}
