import { originalsWithPrefix } from '../api/config/prefix.ts'
import type { Converter, HeaderConverter } from '../api/converter.ts'
import { ConfigException, ConnectException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { PluginKind, PluginKinds } from '../api/plugin.ts'
import type { Props } from '../api/props.ts'
import type { ProcessingContext } from './errors/processing-context.ts'
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
  const { name, props } = converterProps(key, connector, worker)
  if (name === undefined) throw new ConfigException(`Missing required configuration "${key}" which has no default value.`)
  const { className, plugin } = await make(plugins, 'converter', key, name)
  plugin.configure(props, key === 'key.converter')
  return { className, converter: plugin }
}

async function makeHeaderConverter(connector: Props, worker: Props, plugins: Plugins): Promise<NamedConverter<HeaderConverter>> {
  const { name = defaultHeaderConverter, props } = converterProps('header.converter', connector, worker)
  const { className, plugin } = await make(plugins, 'header_converter', 'header.converter', name)
  plugin.configure(props, false)
  return { className, converter: plugin }
}

function converterProps(key: string, connector: Props, worker: Props): { readonly name: string | undefined; readonly props: Props } {
  const owner = connector[key] === undefined ? worker : connector
  return { name: owner[key]?.trim(), props: originalsWithPrefix(owner, `${key}.`) }
}

/** The `transforms` of a connector, in the order of their list. @throws ConfigException */
export async function makeTransformationChain(
  connector: Props,
  plugins: Plugins,
  context: ProcessingContext,
  log: Logger,
): Promise<TransformationChain> {
  const aliases = listOf(connector['transforms'])
  return new TransformationChain(await Promise.all(aliases.map((alias) => makeStage(alias, connector, plugins, log))), context)
}

async function makeStage(alias: string, connector: Props, plugins: Plugins, log: Logger): Promise<TransformationStage> {
  const prefix = `transforms.${alias}.`
  const { type, predicate, negate, ...props } = originalsWithPrefix(connector, prefix)
  if (type === undefined) throw new ConfigException(`Missing required configuration "${prefix}type" which has no default value.`)
  const { className, plugin } = await make(plugins, 'transformation', `${prefix}type`, type.trim())
  plugin.initialize?.(log)
  plugin.configure(props)
  return {
    className,
    transformation: plugin,
    predicate: await makePredicate(predicate?.trim(), connector, plugins),
    negate: negate?.trim().toLowerCase() === 'true',
  }
}

async function makePredicate(alias: string | undefined, connector: Props, plugins: Plugins): Promise<TransformationStage['predicate']> {
  if (alias === undefined) return null
  const prefix = `predicates.${alias}.`
  const { type, ...props } = originalsWithPrefix(connector, prefix)
  if (type === undefined) throw new ConfigException(`Missing required configuration "${prefix}type" which has no default value.`)
  const { plugin } = await make(plugins, 'predicate', `${prefix}type`, type.trim())
  plugin.configure(props)
  return plugin
}

function listOf(text: string | undefined): string[] {
  return (text ?? '').split(',').map((item) => item.trim()).filter((item) => item !== '') // prettier-ignore
}
