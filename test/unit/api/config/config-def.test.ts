import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ConfigDef } from '../../../../src/api/config/config-def.ts'
import { atLeast, validList } from '../../../../src/api/config/validators.ts'

const key = { importance: 'high', doc: 'a key' } as const

describe('ConfigDef', () => {
  it.each([
    ['boolean', 'fal\u017fe', false],
    ['int', '\uff11\u0663', 13],
    ['double', '0x1.8p1', 3],
    ['double', '-0X.8P-1f', -0.25],
    ['double', '4.9e-324', 5e-324],
  ] as const)('reads an odd %s as Java does: %s', (type, text, want) => {
    const def = new ConfigDef({ k: { type, importance: 'high', doc: '' } })
    expect(def.parse({ k: text }).k).toBe(want)
  })

  it.each([
    ['double', '0xp1'],
    ['double', '0x1'],
    ['double', '\uff11.5'],
    ['int', '\u00a01'],
    ['boolean', '\u2003true'],
  ] as const)('refuses what is no %s: %j', (type, text) => {
    const def = new ConfigDef({ k: { type, importance: 'high', doc: '' } })
    expect(() => def.parse({ k: text })).toThrow('Invalid value')
  })

  it('gives each key its type, null only where the default is null', () => {
    const config = new ConfigDef({
      file: { type: 'string', default: null, ...key },
      size: { type: 'int', default: 5, ...key },
    }).parse({ file: ' a ' })
    const file: string | null = config.file
    const size: number = config.size
    expect([file, size]).toEqual(['a', 5])
  })

  it('keeps a password out of text, JSON and console', () => {
    const { secret } = new ConfigDef({ secret: { type: 'password', ...key } }).parse({ secret: 's3cret' })
    expect([String(secret), JSON.stringify(secret), inspect({ secret })].join()).not.toContain('s3cret')
    expect(secret.value()).toBe('s3cret')
  })

  it('keeps every digit of a long in validation, and the nearest number when parsed', () => {
    const def = new ConfigDef({ max: { type: 'long', ...key } })
    expect(def.validate({ max: '9223372036854775807' })[0]!.value).toBe(9223372036854775807n)
    expect(def.parse({ max: '9223372036854775807' }).max).toBe(2 ** 63)
  })

  it('shows defaults as Java writes them: doubles with a fraction, lists with commas, passwords hidden', () => {
    const def = new ConfigDef({
      ratio: { type: 'double', default: 1, ...key },
      names: { type: 'list', default: ['a', 'b'], ...key },
      secret: { type: 'password', default: 'x', ...key },
    })
    expect(def.definitions().map((info) => info.default_value)).toEqual(['1.0', 'a,b', '[hidden]'])
  })

  it('refuses a declaration whose default does not fit', () => {
    expect(() => new ConfigDef({ size: { type: 'int', default: 0, validator: atLeast(1), ...key } })).toThrow('Value must be at least 1')
  })

  it('drops repeated items of a list when parsing and reports them when validating', () => {
    const def = new ConfigDef({ list: { type: 'list', validator: validList(), ...key } })
    expect(def.parse({ list: 'a,b,a' }).list).toEqual(['a', 'b'])
    expect(def.validate({ list: 'a,a' })[0]!.errorMessages).toEqual(["Configuration 'list' values must not be duplicated."])
  })

  it('asks a recommender with the values of the other keys, and hides what it hides', () => {
    const recommender = {
      validValues: () => ['x'],
      visible: (_name: string, parsed: ReadonlyMap<string, unknown>) => parsed.get('mode') === 'on',
    }
    const def = new ConfigDef({
      mode: { type: 'string', default: 'off', dependents: ['detail'], ...key },
      detail: { type: 'string', default: null, recommender, ...key },
    })
    const detail = (mode: string) => def.validate({ mode }).find(({ name }) => name === 'detail')!
    expect(detail('on')).toMatchObject({ recommendedValues: ['x'], visible: true })
    expect(detail('off')).toMatchObject({ visible: false })
  })

  it('reports a dependent that nobody declares', () => {
    const def = new ConfigDef({ mode: { type: 'string', default: 'off', dependents: ['nope'], ...key } })
    expect(def.validate({})[1]).toMatchObject({
      name: 'nope',
      visible: false,
      errorMessages: ['nope is referred in the dependents, but not defined.'],
    })
  })

  it('takes a key named __proto__ as data', () => {
    const props = JSON.parse('{"__proto__": "x"}') as Record<string, string>
    expect(new ConfigDef({ size: { type: 'int', default: 1, ...key } }).unknownKeys(props)).toEqual(['__proto__'])
  })

  it('names a class that cannot be found, and gives the full name of one that can', () => {
    const def = new ConfigDef({ type: { type: 'class', ...key } })
    const resolveClass = (name: string) => (name === 'Json' ? 'org.JsonConverter' : null)
    expect(def.parse({ type: 'Json' }, { resolveClass }).type).toBe('org.JsonConverter')
    expect(() => def.parse({ type: 'Nope' }, { resolveClass })).toThrow(
      'Invalid value Nope for configuration type: Class Nope could not be found.',
    )
  })
})
