import { ConfigDef, nonEmptyString } from 'standpipe/api'

/** Keys of FileStreamSource. */
export const fileStreamSourceConfig = new ConfigDef({
  file: {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'File to read, followed as it grows and across rotation. A name that ends in .gz is read as gzip. Standard input when unset.',
  },
  topic: { type: 'string', validator: nonEmptyString, importance: 'high', doc: 'Topic the lines are written to.' },
  'batch.size': { type: 'int', default: 2000, importance: 'low', doc: 'Most records one poll returns.' },
})

/** Keys of FileStreamSink. */
export const fileStreamSinkConfig = new ConfigDef({
  file: {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'File the values are appended to, one line a record; created when missing. Standard output when unset.',
  },
})
