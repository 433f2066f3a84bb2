import type { Plugin } from '../api/plugin.ts'
import type { Predicate, Transformation } from '../api/transformation.ts'
import { standpipeVersion as version } from '../version.ts'

const apache = 'org.apache.kafka.connect.transforms'

/** Apache's transformations and predicates, Debezium's for its envelopes, and two of ours. Each is loaded when a connector names it. */
export const builtinTransforms: readonly Plugin[] = [
  transformation(`${apache}.Cast$Key`, async () => (await import('../transforms/cast.ts')).CastKey),
  transformation(`${apache}.Cast$Value`, async () => (await import('../transforms/cast.ts')).CastValue),
  transformation(`${apache}.DropHeaders`, async () => (await import('../transforms/drop-headers.ts')).DropHeaders),
  transformation(`${apache}.ExtractField$Key`, async () => (await import('../transforms/extract-field.ts')).ExtractFieldKey),
  transformation(`${apache}.ExtractField$Value`, async () => (await import('../transforms/extract-field.ts')).ExtractFieldValue),
  transformation(`${apache}.Filter`, async () => (await import('../transforms/filter.ts')).Filter),
  transformation(`${apache}.Flatten$Key`, async () => (await import('../transforms/flatten.ts')).FlattenKey),
  transformation(`${apache}.Flatten$Value`, async () => (await import('../transforms/flatten.ts')).FlattenValue),
  transformation(`${apache}.HeaderFrom$Key`, async () => (await import('../transforms/header-from.ts')).HeaderFromKey),
  transformation(`${apache}.HeaderFrom$Value`, async () => (await import('../transforms/header-from.ts')).HeaderFromValue),
  transformation(`${apache}.HoistField$Key`, async () => (await import('../transforms/hoist-field.ts')).HoistFieldKey),
  transformation(`${apache}.HoistField$Value`, async () => (await import('../transforms/hoist-field.ts')).HoistFieldValue),
  transformation(`${apache}.InsertField$Key`, async () => (await import('../transforms/insert-field.ts')).InsertFieldKey),
  transformation(`${apache}.InsertField$Value`, async () => (await import('../transforms/insert-field.ts')).InsertFieldValue),
  transformation(`${apache}.InsertHeader`, async () => (await import('../transforms/insert-header.ts')).InsertHeader),
  transformation(`${apache}.MaskField$Key`, async () => (await import('../transforms/mask-field.ts')).MaskFieldKey),
  transformation(`${apache}.MaskField$Value`, async () => (await import('../transforms/mask-field.ts')).MaskFieldValue),
  transformation(`${apache}.RegexRouter`, async () => (await import('../transforms/regex-router.ts')).RegexRouter),
  transformation(`${apache}.ReplaceField$Key`, async () => (await import('../transforms/replace-field.ts')).ReplaceFieldKey),
  transformation(`${apache}.ReplaceField$Value`, async () => (await import('../transforms/replace-field.ts')).ReplaceFieldValue),
  transformation(
    `${apache}.SetSchemaMetadata$Key`,
    async () => (await import('../transforms/set-schema-metadata.ts')).SetSchemaMetadataKey,
  ),
  transformation(
    `${apache}.SetSchemaMetadata$Value`,
    async () => (await import('../transforms/set-schema-metadata.ts')).SetSchemaMetadataValue,
  ),
  transformation(
    `${apache}.TimestampConverter$Key`,
    async () => (await import('../transforms/timestamp-converter.ts')).TimestampConverterKey,
  ),
  transformation(
    `${apache}.TimestampConverter$Value`,
    async () => (await import('../transforms/timestamp-converter.ts')).TimestampConverterValue,
  ),
  transformation(`${apache}.TimestampRouter`, async () => (await import('../transforms/timestamp-router.ts')).TimestampRouter),
  transformation(`${apache}.ValueToKey`, async () => (await import('../transforms/value-to-key.ts')).ValueToKey),
  transformation('io.debezium.transforms.ExtractNewRecordState', extractNewRecordState),
  transformation('io.debezium.transforms.UnwrapFromEnvelope', extractNewRecordState),
  transformation('standpipe.transforms.InferSchema$Key', async () => (await import('../transforms/infer-schema.ts')).InferSchemaKey),
  transformation('standpipe.transforms.InferSchema$Value', async () => (await import('../transforms/infer-schema.ts')).InferSchemaValue),
  transformation('standpipe.transforms.Script', async () => (await import('../transforms/script.ts')).Script),
  predicate(`${apache}.predicates.HasHeaderKey`, async () => (await import('../transforms/predicates/has-header-key.ts')).HasHeaderKey),
  predicate(
    `${apache}.predicates.RecordIsTombstone`,
    async () => (await import('../transforms/predicates/record-is-tombstone.ts')).RecordIsTombstone,
  ),
  predicate(
    `${apache}.predicates.TopicNameMatches`,
    async () => (await import('../transforms/predicates/topic-name-matches.ts')).TopicNameMatches,
  ),
]

async function extractNewRecordState(): Promise<new () => Transformation> {
  return (await import('../transforms/extract-new-record-state.ts')).ExtractNewRecordState
}

function transformation(className: string, load: () => Promise<new () => Transformation>): Plugin {
  return { kind: 'transformation', className, version, load }
}

function predicate(className: string, load: () => Promise<new () => Predicate>): Plugin {
  return { kind: 'predicate', className, version, load }
}
