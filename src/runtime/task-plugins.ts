import { parseList } from '../api/config/config-type.ts'
import { originalsWithPrefix } from '../api/config/prefix.ts'
import type { Converter, HeaderConverter } from '../api/converter.ts'
import { ConfigException, ConnectException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { PluginKind, PluginKinds } from '../api/plugin.ts'
import type { Props } from '../api/props.ts'
import type { ProcessingContext } from './errors/processing-context.ts'
import { keyText } from './key-text.ts'
import type { Plugins } from './plugins.ts'
import { RecordConverters, type NamedConverter } from './record-converters.ts'
import type { TaskSpec } from './task-host.ts'
import { TransformationChain, type TransformationStage } from './transformation-chain.ts'

const defaultHeaderConverter = 'org.apache.kafka.connect.storage.SimpleHeaderConverter'

/** Makes an object of a plugin class. @throws ConfigException naming key and class when there is none */
async function make<K extends PluginKind>(
  plugins: Plugins,
  kind: K,
  key: string,
  name: string,
): Promise<{ className: string; plugin: PluginKinds[K] }> {
  const found = plugins.find(kind, name)
  const PluginClass = await plugins.load(kind, name)
  if (found === null || PluginClass === null) {
    throw ConfigException.forKey(
      key,
      name,
      `Class ${name} could not be found. Known are ${plugins
        .list(kind)
        .map((each) => each.className)
        .join(', ')}`,
    )
  }
  return { className: found.className, plugin: new PluginClass() }
}

/** The connector's task, not started. @param type SourceTask or SinkTask, which it must extend */
export async function makeTask<T>({ kind, connectorClass }: TaskSpec, type: abstract new () => T, plugins: Plugins): Promise<T> {
  const ConnectorClass = await plugins.load(kind, connectorClass)
  if (ConnectorClass === null) throw new ConfigException(`Class ${connectorClass} of kind ${kind} is not known to this worker`)
  const { taskClass: TaskClass } = new ConnectorClass()
  const task: unknown = new TaskClass()
  if (!(task instanceof type)) {
    throw new ConnectException(`${TaskClass.name}, the task class of ${connectorClass}, does not extend ${type.name} of standpipe/api`)
  }
  return task
}

/**
 * The converters of a task. A converter the connector names is configured by the connector's keys alone; otherwise the worker's is
 * used with the worker's keys: the two never mix (Apache Kafka 4.3, Plugins#newConverter).
 */
export async function makeConverters(
  connector: Props,
  worker: Props,
  plugins: Plugins,
  context: ProcessingContext,
): Promise<RecordConverters> {
  const [key, value, header] = await Promise.all([
    makeConverter('key.converter', connector, worker, plugins),
    makeConverter('value.converter', connector, worker, plugins),
    makeHeaderConverter(connector, worker, plugins),
  ])
  return new RecordConverters({ key, value, header, context })
}

async function makeConverter(
  key: 'key.converter' | 'value.converter',
  connector: Props,
  worker: Props,
  plugins: Plugins,
): Promise<NamedConverter<Converter>> {
  const owner = ownerOf(key, connector, worker)
  const { className, plugin } = await make(plugins, 'converter', key, requiredText(owner, key))
  plugin.configure(originalsWithPrefix(owner, `${key}.`), key === 'key.converter')
  return { className, converter: plugin }
}

async function makeHeaderConverter(connector: Props, worker: Props, plugins: Plugins): Promise<NamedConverter<HeaderConverter>> {
  const key = 'header.converter'
  const owner = ownerOf(key, connector, worker)
  const { className, plugin } = await make(plugins, 'header_converter', key, keyText(owner, key) ?? defaultHeaderConverter)
  plugin.configure(originalsWithPrefix(owner, `${key}.`), false)
  return { className, converter: plugin }
}

/** Whose converter it is, and whose keys configure it. */
function ownerOf(key: string, connector: Props, worker: Props): Props {
  return connector[key] === undefined ? worker : connector
}

/** The `transforms` of a connector, in the order of their list. @throws ConfigException */
export async function makeTransformationChain(
  connector: Props,
  plugins: Plugins,
  context: ProcessingContext,
  log: Logger,
): Promise<TransformationChain> {
  const aliases = parseList(connector['transforms'] ?? '')
  return new TransformationChain(await Promise.all(aliases.map((alias) => makeStage(alias, connector, plugins, log))), context)
}

async function makeStage(alias: string, connector: Props, plugins: Plugins, log: Logger): Promise<TransformationStage> {
  const prefix = `transforms.${alias}.`
  const { type: _type, predicate: _predicate, negate: _negate, ...props } = originalsWithPrefix(connector, prefix)
  const { className, plugin } = await make(plugins, 'transformation', `${prefix}type`, requiredText(connector, `${prefix}type`))
  plugin.initialize?.(log)
  plugin.configure(props)
  return {
    className,
    transformation: plugin,
    predicate: await makePredicate(keyText(connector, `${prefix}predicate`), connector, plugins),
    negate: keyText(connector, `${prefix}negate`)?.toLowerCase() === 'true',
  }
}

async function makePredicate(alias: string | null, connector: Props, plugins: Plugins): Promise<TransformationStage['predicate']> {
  if (alias === null) return null
  const prefix = `predicates.${alias}.`
  const { type: _type, ...props } = originalsWithPrefix(connector, prefix)
  const { plugin } = await make(plugins, 'predicate', `${prefix}type`, requiredText(connector, `${prefix}type`))
  plugin.configure(props)
  return plugin
}

function requiredText(props: Props, key: string): string {
  const text = keyText(props, key)
  if (text === null) throw new ConfigException(`Missing required configuration "${key}" which has no default value.`)
  return text
}
