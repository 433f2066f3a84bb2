import type { KeyDeclarations } from '../api/config/config-key.ts'
import { atLeast, between, doubleBetween } from '../api/config/validators.ts'
import { errorHandling } from './error-handling-keys.ts'

/** Keys of sources and sinks that Apache's connectors do not have. They never change the meaning of one that those have. */
export const ownConnectorKeys = {
  'errors.tolerance.max.count': {
    type: 'long',
    default: -1,
    validator: atLeast(-1),
    importance: 'medium',
    ...errorHandling(9),
    width: 'short',
    displayName: 'Most Tolerated Errors',
    doc: 'With `errors.tolerance=all`: bad records a task skips before it fails, counted from its start. -1: no limit.',
  },
  'errors.tolerance.max.ratio': {
    type: 'double',
    default: 1,
    validator: doubleBetween(0, 1),
    importance: 'medium',
    ...errorHandling(10),
    width: 'short',
    displayName: 'Highest Tolerated Error Ratio',
    doc: 'With `errors.tolerance=all`: share of the last `errors.tolerance.ratio.window` records that may be bad before the task fails. 1: no limit.',
  },
  'errors.tolerance.ratio.window': {
    type: 'int',
    default: 1000,
    validator: between(1, 1_000_000),
    importance: 'low',
    ...errorHandling(11),
    width: 'short',
    displayName: 'Error Ratio Window',
    doc: 'Records that the ratio is a share of. A task that has not seen as many yet is measured as if the missing ones had been good.',
  },
  'errors.deadletterqueue.file': {
    type: 'string',
    default: '',
    importance: 'medium',
    ...errorHandling(12),
    width: 'long',
    displayName: 'Dead Letter Queue File',
    doc: 'File that bad records are appended to, one JSON object a line, with all that is needed to replay them; beside or in place of the topic. May be renamed at any time: it is created anew. Empty: none.',
  },
} as const satisfies KeyDeclarations

/** Keys of sinks alone that Apache's do not have. */
export const ownSinkKeys = {
  'errors.put.bisect': {
    type: 'boolean',
    default: true,
    importance: 'medium',
    ...errorHandling(13),
    width: 'short',
    displayName: 'Search Refused Batches',
    doc: 'Whether a batch that the sink refuses because of bad data is put again in halves until the bad record is alone, so that only that one goes where `errors.tolerance` says. Good records of the batch may be put twice; for sinks that mind, set false: the whole batch then fails the task.',
  },
} as const satisfies KeyDeclarations
