import type { KeyDeclarations } from '../api/config/config-key.ts'
import { validString } from '../api/config/validators.ts'

/** Where a key stands among those on errors. */
export const errorHandling = (orderInGroup: number) => ({ group: 'Error Handling', orderInGroup }) as const

/** Keys of every connector on records that fail. Apache Kafka 4.3, ConnectorConfig. */
export const errorHandlingKeys = {
  'errors.retry.timeout': {
    type: 'long',
    default: 0,
    importance: 'medium',
    ...errorHandling(1),
    width: 'medium',
    displayName: 'Retry Timeout for Errors',
    doc: 'How long a failed conversion or transformation is repeated, in ms. 0: not at all; -1: without end.',
  },
  'errors.retry.delay.max.ms': {
    type: 'long',
    default: 60000,
    importance: 'medium',
    ...errorHandling(2),
    width: 'medium',
    displayName: 'Maximum Delay Between Retries for Errors',
    doc: 'Longest wait between two such attempts.',
  },
  'errors.tolerance': {
    type: 'string',
    default: 'none',
    validator: validString('none', 'all'),
    importance: 'medium',
    ...errorHandling(3),
    width: 'short',
    displayName: 'Error Tolerance',
    doc: '`none`: the first bad record fails the task. `all`: bad records are skipped and reported.',
  },
  'errors.log.enable': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    ...errorHandling(4),
    width: 'short',
    displayName: 'Log Errors',
    doc: 'Whether each bad record is logged, and not only those that are not tolerated.',
  },
  'errors.log.include.messages': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    ...errorHandling(5),
    width: 'short',
    displayName: 'Log Error Details',
    doc: 'Whether that line shows topic, partition, offset and time of the record.',
  },
} as const satisfies KeyDeclarations

/** Keys on the dead letter queue topic. Apache Kafka 4.3, SinkConnectorConfig. */
export const deadLetterTopicKeys = {
  'errors.deadletterqueue.topic.name': {
    type: 'string',
    default: '',
    importance: 'medium',
    ...errorHandling(6),
    width: 'medium',
    displayName: 'Dead Letter Queue Topic Name',
    doc: 'Topic that bad records are written to when `errors.tolerance` is `all`. Empty: none.',
  },
  'errors.deadletterqueue.topic.replication.factor': {
    type: 'short',
    default: 3,
    importance: 'medium',
    ...errorHandling(7),
    width: 'medium',
    displayName: 'Dead Letter Queue Topic Replication Factor',
    doc: 'Replication factor of that topic when it is created.',
  },
  'errors.deadletterqueue.context.headers.enable': {
    type: 'boolean',
    default: false,
    importance: 'medium',
    ...errorHandling(8),
    width: 'medium',
    displayName: 'Enable Error Context Headers',
    doc: 'Whether its records carry headers that say what went wrong and where.',
  },
} as const satisfies KeyDeclarations
