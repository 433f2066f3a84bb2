/** What a chain of transformations costs beyond reading its records, in this process: CPU time, collection of garbage included. */
import { SinkRecord } from '../src/api/sink.ts'
import { JsonConverter } from '../src/converters/json-converter.ts'
import { silentLogger } from '../src/logging/logger.ts'
import { loadPlugins } from '../src/plugins/load-plugins.ts'
import { ProcessingContext } from '../src/runtime/errors/processing-context.ts'
import { makeTransformationChain } from '../src/runtime/task-plugins.ts'
import type { TransformationChain } from '../src/runtime/transformation-chain.ts'
import { fiveTransformations, jsonLine } from './json-lines.ts'
import type { Metrics } from './results.ts'

const DISTINCT_RECORDS = 10_000
const RECORDS_A_PASS = 200_000
const WARM_UP_PASSES = 3

/** A pass that only reads and one that transforms, one after the other, so that both meet the same machine. */
export async function chainCost(): Promise<Metrics> {
  const values = Array.from({ length: DISTINCT_RECORDS }, (_, number) => Buffer.from(jsonLine(number)))
  const chain = await makeTransformationChain(
    fiveTransformations,
    await loadPlugins([], silentLogger),
    new ProcessingContext(),
    silentLogger,
  )
  const converter = new JsonConverter()
  converter.configure({ 'schemas.enable': 'false' }, false)
  const read = () => microsARecord((index) => readRecord(converter, values, index))
  const transform = () => microsARecord((index) => transformed(chain, readRecord(converter, values, index)))
  for (let pass = 0; pass < WARM_UP_PASSES; pass++) transform()
  for (let pass = 0; pass < WARM_UP_PASSES; pass++) read()
  const parseMicros = read()
  return { parseMicros, chainMicros: transform() - parseMicros }
}

function microsARecord(work: (index: number) => SinkRecord): number {
  let seen = 0
  const startedAt = process.cpuUsage()
  for (let index = 0; index < RECORDS_A_PASS; index++) if (work(index).value !== null) seen++
  const { user, system } = process.cpuUsage(startedAt)
  if (seen !== RECORDS_A_PASS) throw new Error(`Only ${seen} of ${RECORDS_A_PASS} records had a value.`)
  return (user + system) / RECORDS_A_PASS
}

function readRecord(converter: JsonConverter, values: readonly Buffer[], index: number): SinkRecord {
  const valueData = converter.toConnectData('t', values[index % values.length]!)
  return new SinkRecord({ topic: 't', valueData, kafkaPartition: 0, kafkaOffset: index, timestampType: 'CreateTime' })
}

function transformed(chain: TransformationChain, record: SinkRecord): SinkRecord {
  const result = chain.apply(record)
  if (result === null) throw new Error('The chain dropped a record.')
  return result
}
