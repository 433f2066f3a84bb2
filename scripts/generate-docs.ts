/**
 * Writes the tables of README.md and of docs/ between their `<!-- generated:NAME -->` marks, from the definitions that also parse and validate.
 * `--check` changes nothing and fails when the file is stale.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { elasticsearchSinkConfig } from '../connectors/elasticsearch/config/elasticsearch-sink-config.ts'
import { fileStreamSinkConfig, fileStreamSourceConfig } from '../connectors/file/config.ts'
import { sinkConfigs } from '../connectors/jdbc/sink/config/definitions.ts'
import { sourceConfigs } from '../connectors/jdbc/source/config/definitions.ts'
import type { ConfigDef } from '../src/api/config/config-def.ts'
import type { ConfigKey } from '../src/api/config/config-key.ts'
import { valueText } from '../src/broker/config/config-text.ts'
import { adminConfigDef } from '../src/kafka/config/admin-keys.ts'
import type { KeyTreatment } from '../src/kafka/config/client-config.ts'
import { consumerConfigDef } from '../src/kafka/config/consumer-keys.ts'
import { producerConfigDef } from '../src/kafka/config/producer-keys.ts'
import { ADMIN_TREATMENTS, CONSUMER_TREATMENTS, PRODUCER_TREATMENTS } from '../src/kafka/config/treatments.ts'
import { brokerConfigDef } from '../src/broker/config/broker-config-keys.ts'
import { clientIds, consumerProps, producerProps } from '../src/runtime/client-props.ts'
import { sinkRuntimeConfigDef, sourceRuntimeConfigDef } from '../src/runtime/connector-config.ts'
import { workerConfigDef } from '../src/runtime/worker-config.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What stands between the marks of each name. Names that the file has no marks for are not written. */
const tables: Readonly<Record<string, () => string>> = {
  'worker-keys': () => keyTable(workerConfigDef.keys.values()),
  'broker-keys': () => keyTable(brokerConfigDef.keys.values()),
  'connector-keys': () => keyTable(connectorKeys()),
  'file-source-keys': () => keyTable(fileStreamSourceConfig.keys.values()),
  'file-sink-keys': () => keyTable(fileStreamSinkConfig.keys.values()),
  'elasticsearch-sink-keys': () => keyTable(elasticsearchSinkConfig.keys.values()),
  'jdbc-source-keys': () => keyTable(sourceConfigs.confluent.keys.values()),
  'jdbc-source-aiven-keys': () => otherKeys(sourceConfigs.aiven, sourceConfigs.confluent),
  'jdbc-sink-keys': () => keyTable(sinkConfigs.confluent.keys.values()),
  'jdbc-sink-aiven-keys': () => otherKeys(sinkConfigs.aiven, sinkConfigs.confluent),
  'jdbc-sink-debezium-keys': () => otherKeys(sinkConfigs.debezium, sinkConfigs.confluent),
  'client-presets': clientPresets,
  'producer-keys': () => clientKeyTable(producerConfigDef, PRODUCER_TREATMENTS),
  'consumer-keys': () => clientKeyTable(consumerConfigDef, CONSUMER_TREATMENTS),
  'admin-keys': () => clientKeyTable(adminConfigDef, ADMIN_TREATMENTS),
}

/** Keys of sources and sinks, those of both once. */
function connectorKeys(): Iterable<ConfigKey> {
  const both: readonly ConfigDef[] = [sourceRuntimeConfigDef, sinkRuntimeConfigDef]
  return new Map(both.flatMap((def) => [...def.keys])).values()
}

/** Keys that are not those of the basis: not there, with another default or meaning, or missing here. */
function otherKeys(def: ConfigDef, basis: ConfigDef): string {
  const differs = (key: ConfigKey) => {
    const same = basis.keys.get(key.name)
    return same === undefined || keyRow(key).join() !== keyRow(same).join()
  }
  const missing = [...basis.keys.keys()].filter((name) => !def.keys.has(name)).map((name) => `\`${name}\``)
  return `${keyTable([...def.keys.values()].filter(differs))}\n\nNot known to it: ${missing.join(', ')}.`
}

function keyTable(keys: Iterable<ConfigKey>): string {
  return table(['key', 'type', 'default', 'what it does'], Array.from(keys, keyRow))
}

function keyRow(key: ConfigKey): string[] {
  return [`\`${key.name}\``, key.type, defaultText(key), key.doc]
}

function defaultText(key: ConfigKey): string {
  if (!key.hasDefault) return '**required**'
  const text = valueText(key.defaultValue, key.type)
  if (text === null || key.type === 'password') return ''
  return text === '' ? 'empty' : `\`${text}\``
}

/** What tasks' clients get beyond Kafka's own defaults. */
function clientPresets(): string {
  const owner = { worker: {}, connector: {} }
  const clients = [
    ['producer of a source', producerProps(owner, clientIds.producer('NAME', 0))],
    ['consumer of a sink', consumerProps(owner, 'NAME', clientIds.consumer('NAME', 0))],
  ] as const
  const rows = clients.flatMap(([client, props]) => Object.entries(props).map(([key, value]) => [client, `\`${key}\``, `\`${value}\``]))
  return table(['client', 'key', 'preset'], rows)
}

/** Every key of Java's client, and what becomes of it here. */
function clientKeyTable(def: ConfigDef, treatments: readonly KeyTreatment[]): string {
  const rows = Array.from(def.keys.values(), (key) => [...keyRow(key).slice(0, 3), treatmentOf(key, treatments), key.doc])
  return table(['key', 'type', 'default', 'here', 'what it does'], rows)
}

function treatmentOf(key: ConfigKey, treatments: readonly KeyTreatment[]): string {
  const kind = treatments.find((treatment) => treatment.key === key.name)?.kind ?? null
  if (kind !== null) return kind
  return key.doc.includes('without effect') ? 'ignored' : 'followed'
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** The text with every marked part written anew. @throws Error for marks that are unknown or not closed */
export function withTables(text: string, file: string): string {
  const opened = [...text.matchAll(/<!-- generated:([\w-]+) -->/g)].map(([, name = '']) => name)
  if (opened.length === 0)
    throw new Error(`${file} has no marks such as <!-- generated:worker-keys --> and <!-- /generated:worker-keys -->`)
  return opened.reduce((result, name) => withTable(result, name, file), text)
}

function withTable(text: string, name: string, file: string): string {
  const render = tables[name]
  if (render === undefined) throw new Error(`${file}: generated:${name} is not known. Known are ${Object.keys(tables).join(', ')}`)
  const open = `<!-- generated:${name} -->`
  const close = `<!-- /generated:${name} -->`
  const start = text.indexOf(open) + open.length
  const end = text.indexOf(close, start)
  if (end < 0) throw new Error(`${file}: ${open} has no ${close} after it`)
  return `${text.slice(0, start)}\n\n${render()}\n\n${text.slice(end)}`
}

/** Pages with generated parts. */
const PAGES = ['README.md', 'docs/kafka-client.md']

async function main(args: readonly string[]): Promise<number> {
  const codes = await Promise.all(PAGES.map((page) => writeTables(page, args.includes('--check'))))
  return Math.max(...codes)
}

async function writeTables(page: string, onlyCheck: boolean): Promise<number> {
  const path = join(root, page)
  const before = await readFile(path, 'utf8')
  const after = withTables(before, page)
  if (before === after) return 0
  if (onlyCheck) {
    process.stderr.write(`${page}: a generated table is stale. Run npm run docs and commit the result.\n`)
    return 1
  }
  await writeFile(path, after)
  process.stdout.write(`${page}: tables written\n`)
  return 0
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
