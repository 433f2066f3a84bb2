import { afterAll, describe, expect, it } from 'vitest'
import type { ConfigDef } from '../../src/api/config/config-def.ts'
import { adminConfigDef } from '../../src/kafka/config/admin-keys.ts'
import { consumerConfigDef } from '../../src/kafka/config/consumer-keys.ts'
import { producerConfigDef } from '../../src/kafka/config/producer-keys.ts'
import { readCases, type RecordedCase } from '../support/compat-data.ts'

interface RecordedKey {
  readonly name: string
  readonly type: string
  readonly default_value: string | null
  readonly importance: string
  readonly required: boolean
  readonly validator?: string
}

interface Case extends RecordedCase {
  readonly want: readonly RecordedKey[]
}

const definitions: Readonly<Record<string, ConfigDef>> = {
  ProducerConfig: producerConfigDef,
  ConsumerConfig: consumerConfigDef,
  AdminClientConfig: adminConfigDef,
}
const cases = readCases<Case>('client-config')
let passed = 0

describe('client keys have the types, defaults and ranges of the Java clients', () => {
  afterAll(() => console.log(`compat client-config: ${passed} of ${cases.length}`))

  it.each(cases)('$name', ({ name, want }) => {
    expect(recordedForm(definitions[name]!)).toEqual(want.map(comparable))
    passed++
  })
})

function recordedForm(def: ConfigDef): unknown {
  const infos = def.definitions().map(({ name, type, default_value, importance, required }) => {
    const validator = def.keys.get(name)?.validator?.toString()
    return comparable({ name, type, default_value, importance, required, ...(validator === undefined ? {} : { validator }) })
  })
  return infos.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Java lists allowed values in its set's order, and the default assignors as `class X`, which is no value one could set. */
function comparable(key: RecordedKey): RecordedKey {
  return {
    ...key,
    default_value: key.default_value?.replaceAll(/\bclass /g, '') ?? null,
    ...(key.validator === undefined ? {} : { validator: key.validator.split(/\W+/).sort().join(' ') }),
  }
}
