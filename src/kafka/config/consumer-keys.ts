import { ConfigDef } from '../../api/config/config-def.ts'
import { ConfigException } from '../../api/errors.ts'
import { atLeast, caseInsensitiveValidString, lambda, nonEmptyString, validList, validString } from '../../api/config/validators.ts'
import { clientKeys } from './client-keys.ts'
import {
  bootstrapServers,
  clientId,
  connectionsMaxIdleMs,
  enableMetricsPush,
  interceptorClasses,
  receiveBufferBytes,
} from './varying-client-keys.ts'

const DURATION = /^by_duration:\+?P(?!$)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/i

const autoOffsetReset = lambda<string>((name, value) => {
  if (value !== null && (['latest', 'earliest', 'none'].includes(value) || (value.startsWith('by_duration:') && DURATION.test(value))))
    return
  const reason = `Invalid value \`${String(value)}\` for configuration ${name}. The value must be either 'earliest', 'latest', 'none' or of the format 'by_duration:<PnDTnHnMn.nS.>'.`
  throw ConfigException.forKey(name, value, reason)
}, '[latest, earliest, none, by_duration:PnDTnHnMn.nS]')

const shareMode = (first: string, second: string) =>
  lambda<string>((name, value) => {
    if (value === null || [first, second].includes(value.toLowerCase())) return
    const reason = `Invalid value \`${value}\` for configuration ${name}. The value must either be '${first}' or '${second}'.`
    throw ConfigException.forKey(name, value, reason)
  }, `[${first}, ${second}]`)

/** Every key of the consumer. Apache Kafka 4.3, ConsumerConfig. */
export const consumerConfigDef = new ConfigDef({
  'bootstrap.servers': bootstrapServers,
  'key.deserializer': { type: 'class', importance: 'high', doc: 'Java class. Accepted, without effect: converters read the bytes.' },
  'value.deserializer': { type: 'class', importance: 'high', doc: 'Java class. Accepted, without effect: converters read the bytes.' },
  'client.id': { ...clientId, importance: 'low' },
  'client.rack': {
    type: 'string',
    default: '',
    importance: 'low',
    doc: 'Rack of this client: reads go to a replica there, where brokers allow it.',
  },
  'group.id': {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'Group whose members share the partitions, and whose committed offsets count.',
  },
  'group.instance.id': {
    type: 'string',
    default: null,
    validator: nonEmptyString,
    importance: 'medium',
    doc: 'Fixed name of this member: a restart within the session time moves no partitions.',
  },
  'group.protocol': {
    type: 'string',
    default: 'classic',
    validator: caseInsensitiveValidString('CONSUMER', 'CLASSIC'),
    importance: 'high',
    doc: '`classic`. `consumer` is accepted with a warning and runs as classic.',
  },
  'group.remote.assignor': { type: 'string', default: null, importance: 'medium', doc: 'For group.protocol=consumer. Without effect.' },
  'session.timeout.ms': {
    type: 'int',
    default: 45000,
    importance: 'high',
    doc: 'Silence after which the group goes on without this member.',
  },
  'heartbeat.interval.ms': {
    type: 'int',
    default: 3000,
    importance: 'high',
    doc: 'Time between two heartbeats; less than `session.timeout.ms`.',
  },
  'max.poll.interval.ms': {
    type: 'int',
    default: 300000,
    validator: atLeast(1),
    importance: 'medium',
    doc: 'Longest time between two polls before the member leaves the group.',
  },
  'max.poll.records': { type: 'int', default: 500, validator: atLeast(1), importance: 'medium', doc: 'Most records one poll returns.' },
  'partition.assignment.strategy': {
    type: 'list',
    default: ['org.apache.kafka.clients.consumer.RangeAssignor', 'org.apache.kafka.clients.consumer.CooperativeStickyAssignor'],
    validator: validList(),
    importance: 'medium',
    doc: 'Assignors in order of preference, by their Java class names.',
  },
  'auto.offset.reset': {
    type: 'string',
    default: 'latest',
    validator: autoOffsetReset,
    importance: 'medium',
    doc: 'Where to start without a committed offset: earliest, latest, none (an error) or `by_duration:` with an ISO duration.',
  },
  'isolation.level': {
    type: 'string',
    default: 'read_uncommitted',
    validator: validString('read_committed', 'read_uncommitted'),
    importance: 'medium',
    doc: '`read_committed` leaves out records of open and aborted transactions.',
  },
  'enable.auto.commit': {
    type: 'boolean',
    default: true,
    importance: 'medium',
    doc: 'Without effect: offsets are committed when records are safe.',
  },
  'auto.commit.interval.ms': { type: 'int', default: 5000, validator: atLeast(0), importance: 'low', doc: 'Accepted, without effect.' },
  'fetch.min.bytes': {
    type: 'int',
    default: 1,
    validator: atLeast(0),
    importance: 'high',
    doc: 'Bytes a broker waits for before it answers a fetch.',
  },
  'fetch.max.wait.ms': { type: 'int', default: 500, validator: atLeast(0), importance: 'low', doc: 'How long it waits for them.' },
  'fetch.max.bytes': { type: 'int', default: 52428800, validator: atLeast(0), importance: 'medium', doc: 'Most bytes of one fetch.' },
  'max.partition.fetch.bytes': {
    type: 'int',
    default: 1048576,
    validator: atLeast(0),
    importance: 'high',
    doc: 'Most bytes of one partition in a fetch; a larger first batch still comes.',
  },
  'check.crcs': { type: 'boolean', default: true, importance: 'low', doc: 'Whether the checksum of every batch is verified.' },
  'allow.auto.create.topics': {
    type: 'boolean',
    default: true,
    importance: 'medium',
    doc: 'Whether subscribing to a topic that does not exist may create it, where brokers allow it.',
  },
  'exclude.internal.topics': {
    type: 'boolean',
    default: true,
    importance: 'medium',
    doc: 'Whether a pattern leaves out Kafka’s internal topics.',
  },
  'default.api.timeout.ms': {
    type: 'int',
    default: 60000,
    validator: atLeast(0),
    importance: 'medium',
    doc: 'Longest time of a call that has no limit of its own.',
  },
  'connections.max.idle.ms': connectionsMaxIdleMs,
  'receive.buffer.bytes': receiveBufferBytes,
  'enable.metrics.push': enableMetricsPush,
  'interceptor.classes': interceptorClasses,
  'share.acknowledgement.mode': {
    type: 'string',
    default: 'implicit',
    validator: shareMode('implicit', 'explicit'),
    importance: 'medium',
    doc: 'For share groups. Accepted, without effect.',
  },
  'share.acquire.mode': {
    type: 'string',
    default: 'BATCH_OPTIMIZED',
    validator: shareMode('batch_optimized', 'record_limit'),
    importance: 'medium',
    doc: 'For share groups. Accepted, without effect.',
  },
  'internal.throw.on.fetch.stable.offset.unsupported': {
    type: 'boolean',
    default: false,
    importance: 'low',
    doc: 'Accepted, without effect.',
  },
  ...clientKeys,
})
