import type { KeyDeclarations } from '../api/config/config-key.ts'
import { atLeast, between, caseInsensitiveValidString, lambda, validList, validString, type Validator } from '../api/config/validators.ts'
import { restKeys } from './rest-keys.ts'

/** Keys of a standalone worker, as Apache declares them. Apache Kafka 4.3, WorkerConfig and StandaloneConfig. */
export const standaloneKeys = {
  'bootstrap.servers': {
    type: 'list',
    validator: validList({ allowEmpty: false }),
    importance: 'high',
    doc: 'Brokers to connect to first, as `host:port`. The one client key that needs no prefix.',
  },
  'key.converter': {
    type: 'class',
    importance: 'high',
    doc: 'Converter of record keys for connectors that name none. Its own keys begin with `key.converter.`.',
  },
  'value.converter': {
    type: 'class',
    importance: 'high',
    doc: 'Converter of record values for connectors that name none. Its own keys begin with `value.converter.`.',
  },
  'header.converter': {
    type: 'class',
    default: 'org.apache.kafka.connect.storage.SimpleHeaderConverter',
    importance: 'low',
    doc: 'Converter of record headers for connectors that name none. Its own keys begin with `header.converter.`.',
  },
  'offset.storage.file.filename': {
    type: 'string',
    importance: 'high',
    doc: 'File that keeps source offsets. A file of a Java worker is taken over. Required, unless offsets are kept elsewhere.',
  },
  'offset.flush.interval.ms': {
    type: 'long',
    default: 60000,
    importance: 'low',
    doc: 'How often offsets of sources are flushed and those of sinks committed.',
  },
  'offset.flush.timeout.ms': {
    type: 'long',
    default: 5000,
    importance: 'low',
    doc: 'Longest time of one flush, and of the wait for records in flight when a task stops.',
  },
  'task.shutdown.graceful.timeout.ms': {
    type: 'long',
    default: 5000,
    importance: 'low',
    doc: 'Time that all tasks of a connector have together to stop by themselves.',
  },
  'plugin.path': {
    type: 'list',
    default: null,
    validator: validList({ allowEmpty: false, allowNull: true }),
    importance: 'low',
    doc: 'Folders and npm packages with further plugins, separated by commas. Built-in plugins need no path.',
  },
  'plugin.discovery': {
    type: 'string',
    default: 'hybrid_warn',
    validator: caseInsensitiveValidString('ONLY_SCAN', 'SERVICE_LOAD', 'HYBRID_WARN', 'HYBRID_FAIL'),
    importance: 'low',
    doc: 'How Java finds plugins. Accepted, without effect.',
  },
  'config.providers': {
    type: 'list',
    default: [],
    validator: validList(),
    importance: 'low',
    doc: 'Names of providers for `${name:path:key}` variables; each has `config.providers.NAME.class` and `.param.*`.',
  },
  'connector.client.config.override.policy': {
    type: 'string',
    default: 'All',
    importance: 'medium',
    doc: 'Which client keys connectors may override: All, None, Principal or Allowlist.',
  },
  'topic.creation.enable': {
    type: 'boolean',
    default: true,
    importance: 'low',
    doc: 'Whether source connectors may create topics with `topic.creation.*` keys.',
  },
  'topic.tracking.enable': { type: 'boolean', default: true, importance: 'low', doc: 'Whether the topics a connector uses are recorded.' },
  'topic.tracking.allow.reset': {
    type: 'boolean',
    default: true,
    importance: 'low',
    doc: 'Whether the record of a connector’s topics may be reset.',
  },
  'client.dns.lookup': {
    type: 'string',
    default: 'use_all_dns_ips',
    validator: validString('use_all_dns_ips', 'resolve_canonical_bootstrap_servers_only'),
    importance: 'medium',
    doc: 'How host names become addresses. Every address of a name is tried, whichever value is set.',
  },
  'metrics.sample.window.ms': {
    type: 'long',
    default: 30000,
    validator: atLeast(0),
    importance: 'low',
    doc: 'Length of one window of which rates and averages are made.',
  },
  'metrics.num.samples': { type: 'int', default: 2, validator: atLeast(1), importance: 'low', doc: 'How many such windows count.' },
  'metrics.recording.level': {
    type: 'string',
    default: 'INFO',
    validator: validString('INFO', 'DEBUG'),
    importance: 'low',
    doc: 'Accepted, without effect: all metrics are recorded.',
  },
  'metric.reporters': {
    type: 'list',
    default: ['org.apache.kafka.common.metrics.JmxReporter'],
    validator: validList(),
    importance: 'low',
    doc: 'Java classes. Accepted, without effect.',
  },
  'key.converter.plugin.version': {
    type: 'string',
    default: null,
    importance: 'low',
    doc: 'Version of the key converter. Accepted, without effect.',
  },
  'value.converter.plugin.version': {
    type: 'string',
    default: null,
    importance: 'low',
    doc: 'Version of the value converter. Accepted, without effect.',
  },
  'header.converter.plugin.version': {
    type: 'string',
    default: null,
    importance: 'low',
    doc: 'Version of the header converter. Accepted, without effect.',
  },
  ...restKeys,
} as const satisfies KeyDeclarations

/** Keys that a standalone worker of Apache does not have, or ignores. They never change the meaning of one that it has. */
export const ownWorkerKeys = {
  'offset.storage.topic': {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'Compacted topic that keeps source offsets, when `offset.storage.file.filename` is not set. Created when absent; a distributed Connect can read it.',
  },
  'offset.storage.partitions': {
    type: 'int',
    default: 25,
    validator: between(-1, 2147483647),
    importance: 'low',
    doc: 'Partitions of that topic when it is created; -1: the broker’s default.',
  },
  'offset.storage.replication.factor': {
    type: 'short',
    default: 3,
    validator: between(-1, 32767),
    importance: 'low',
    doc: 'Replication factor of that topic when it is created; -1: the broker’s default.',
  },
  'offset.storage.class': {
    type: 'class',
    default: null,
    importance: 'low',
    doc: 'Where source offsets are kept: FileOffsetBackingStore, KafkaOffsetBackingStore or MemoryOffsetBackingStore (forgotten at exit). Unset: follows from the keys above.',
  },
  'exactly.once.source.support': {
    type: 'string',
    default: 'disabled',
    validator: caseInsensitiveValidString('DISABLED', 'PREPARING', 'ENABLED'),
    importance: 'high',
    doc: 'enabled: source tasks write records and their offsets in one transaction, so that read_committed consumers see each record once, whatever crashes. Offsets must be in a topic (`offset.storage.topic`). A worker that starts a connector of the same name (and `group.id`, if one is set) fences the older one. preparing is the same as disabled here. Java’s standalone worker ignores the key.',
  },
  'connector.client.config.override.allowlist': {
    type: 'list',
    default: [],
    validator: validList(),
    importance: 'medium',
    doc: 'Client keys that connectors may override under the policy Allowlist, such as `sasl.jaas.config`.',
  },
  'task.isolation': {
    type: 'string',
    default: 'auto',
    validator: validString('auto', 'inline', 'thread'),
    importance: 'medium',
    doc: 'Where tasks run. inline: in the main thread. thread: in lanes, that is threads of their own, as many as there are cores; one that dies takes down its own tasks only, each of which starts again in a lane of its own. auto: one task each of two connectors inline, such as a source and a sink; further ones in lanes, or where the fewest are.',
  },
  'task.lane.max.heap.mb': {
    type: 'int',
    default: null,
    validator: unlessNull(atLeast(32)),
    importance: 'low',
    doc: 'Most megabytes that JavaScript values of all tasks of a lane may hold; beyond it the lane ends and its tasks fail. Buffers do not count. One single allocation larger than half of it (256 MB at least) may end the whole worker: Node.js cannot prevent that. Unset: three quarters of what Node.js gives a thread.',
  },
  'task.restart.backoff.initial.ms': {
    type: 'long',
    default: 1000,
    validator: atLeast(0),
    importance: 'medium',
    doc: 'Pause before a failed task is restarted by itself. Each further restart waits twice as long; a random part of up to a quarter is left out.',
  },
  'task.restart.backoff.max.ms': {
    type: 'long',
    default: 300000,
    validator: atLeast(0),
    importance: 'medium',
    doc: 'Longest pause before such a restart.',
  },
  'task.restart.max.attempts': {
    type: 'int',
    default: -1,
    validator: atLeast(-1),
    importance: 'medium',
    doc: 'Restarts in a row until a failed task stays FAILED. -1: no limit. 0: failed tasks stay FAILED at once, as in Java. Only tasks are restarted; a connector that cannot start stays FAILED.',
  },
  'task.restart.healthy.ms': {
    type: 'long',
    default: 60000,
    validator: atLeast(0),
    importance: 'low',
    doc: 'After so long in state RUNNING the restarts of a task are counted, and its pauses grow, from the beginning.',
  },
  'task.stalled.after.ms': {
    type: 'long',
    default: 300000,
    validator: atLeast(0),
    importance: 'medium',
    doc: 'Time without progress, although there is work to do, after which a running task is STALLED in log and status, with where its time goes. 0: never. The default is that of `max.poll.interval.ms`, after which a consumer’s group gives up a member that does not poll.',
  },
  'worker.max.inflight.bytes': {
    type: 'long',
    default: null,
    validator: unlessNull(atLeast(1024 * 1024)),
    importance: 'medium',
    doc: 'Most bytes that all tasks together may have in flight: fetched and not put yet, or sent and not acknowledged. Divided evenly among the tasks; one batch more than its share is always possible. Unset: a quarter of the container’s memory limit (of the machine’s memory without one), at most 128 MB.',
  },
} as const satisfies KeyDeclarations

function unlessNull(validator: Validator<number>): Validator<number> {
  return lambda<number>((name, value) => {
    if (value !== null) validator.ensureValid(name, value)
  }, `null or ${validator.toString()}`)
}
