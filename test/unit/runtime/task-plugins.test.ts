import { describe, expect, it } from 'vitest'
import { SourceRecord } from '../../../src/api/source.ts'
import { loadPlugins } from '../../../src/plugins/load-plugins.ts'
import { ProcessingContext } from '../../../src/runtime/errors/processing-context.ts'
import type { RecordConverters } from '../../../src/runtime/record-converters.ts'
import { makeConverters, makeTransformationChain } from '../../../src/runtime/task-plugins.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'

const log = new CollectingLogger()
const plugins = await loadPlugins([], log)
const hoist = { 'transforms.hoist.type': 'org.apache.kafka.connect.transforms.HoistField$Value', 'transforms.hoist.field': 'line' }
const insert = {
  'transforms.insert.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
  'transforms.insert.topic.field': 'topic',
}

const record = new SourceRecord({ sourcePartition: {}, sourceOffset: {}, topic: 't', value: 'x' })
const valueBytes = (converters: RecordConverters) => converters.valueToKafka(record)

async function valueAfter(props: Readonly<Record<string, string>>): Promise<unknown> {
  const chain = await makeTransformationChain(props, plugins, new ProcessingContext(), log)
  return chain.apply(record)?.value
}

describe('the plugins of a task', () => {
  it('make a chain in the order of the list', async () => {
    expect(await valueAfter({ transforms: 'hoist,insert', ...hoist, ...insert })).toEqual({ line: 'x', topic: 't' })
    expect(await valueAfter({})).toBe('x')
  })

  it('are found under names that are trimmed as Java does', async () => {
    const odd = {
      transforms: '\u0001hoist , insert\u0001',
      ...hoist,
      'transforms.hoist.type': '\u0001org.apache.kafka.connect.transforms.HoistField$Value ',
      ...insert,
      'transforms.insert.predicate': ' isT\u0001',
      'transforms.insert.negate': '\u0001TRUE ',
      'predicates.isT.type': ' TopicNameMatches\u0001',
      'predicates.isT.pattern': 't',
    }
    expect(await valueAfter(odd)).toEqual({ line: 'x' })
    await expect(
      valueAfter({ transforms: 'hoist', ...hoist, 'transforms.hoist.type': '\u00a0org.apache.kafka.connect.transforms.HoistField$Value' }),
    ).rejects.toThrow(
      'Invalid value \u00a0org.apache.kafka.connect.transforms.HoistField$Value for configuration transforms.hoist.type: Class \u00a0org.apache.kafka.connect.transforms.HoistField$Value could not be found.',
    )
  })

  it('name the key of a class that is missing', async () => {
    await expect(valueAfter({ transforms: 'hoist' })).rejects.toThrow(
      'Missing required configuration "transforms.hoist.type" which has no default value.',
    )
  })

  it('take the worker’s converter with the worker’s keys where the connector names none, and never mix the two', async () => {
    const worker = { 'key.converter': 'StringConverter', 'value.converter': 'JsonConverter', 'value.converter.schemas.enable': 'false' }
    const ofWorker = await makeConverters({ 'value.converter.schemas.enable': 'true' }, worker, plugins, new ProcessingContext())
    expect(String(valueBytes(ofWorker))).toBe('"x"')
    const ofConnector = await makeConverters({ 'value.converter': ' JsonConverter\u0001' }, worker, plugins, new ProcessingContext())
    expect(String(valueBytes(ofConnector))).toBe('{"schema":null,"payload":"x"}')
  })
})
