import type { Predicate, Transformation } from '../../src/api/transformation.ts'
import { CastKey, CastValue } from '../../src/transforms/cast.ts'
import { DropHeaders } from '../../src/transforms/drop-headers.ts'
import { ExtractFieldKey, ExtractFieldValue } from '../../src/transforms/extract-field.ts'
import { Filter } from '../../src/transforms/filter.ts'
import { FlattenKey, FlattenValue } from '../../src/transforms/flatten.ts'
import { HeaderFromKey, HeaderFromValue } from '../../src/transforms/header-from.ts'
import { HoistFieldKey, HoistFieldValue } from '../../src/transforms/hoist-field.ts'
import { InsertFieldKey, InsertFieldValue } from '../../src/transforms/insert-field.ts'
import { InsertHeader } from '../../src/transforms/insert-header.ts'
import { MaskFieldKey, MaskFieldValue } from '../../src/transforms/mask-field.ts'
import { HasHeaderKey } from '../../src/transforms/predicates/has-header-key.ts'
import { RecordIsTombstone } from '../../src/transforms/predicates/record-is-tombstone.ts'
import { TopicNameMatches } from '../../src/transforms/predicates/topic-name-matches.ts'
import { RegexRouter } from '../../src/transforms/regex-router.ts'
import { ReplaceFieldKey, ReplaceFieldValue } from '../../src/transforms/replace-field.ts'
import { SetSchemaMetadataKey, SetSchemaMetadataValue } from '../../src/transforms/set-schema-metadata.ts'
import { TimestampConverterKey, TimestampConverterValue } from '../../src/transforms/timestamp-converter.ts'
import { TimestampRouter } from '../../src/transforms/timestamp-router.ts'
import { ValueToKey } from '../../src/transforms/value-to-key.ts'

/** Apache's transformations by the simple name of their Java class. */
export const transformations: Readonly<Record<string, new () => Transformation>> = {
  Cast$Key: CastKey,
  Cast$Value: CastValue,
  DropHeaders,
  ExtractField$Key: ExtractFieldKey,
  ExtractField$Value: ExtractFieldValue,
  Filter,
  Flatten$Key: FlattenKey,
  Flatten$Value: FlattenValue,
  HeaderFrom$Key: HeaderFromKey,
  HeaderFrom$Value: HeaderFromValue,
  HoistField$Key: HoistFieldKey,
  HoistField$Value: HoistFieldValue,
  InsertField$Key: InsertFieldKey,
  InsertField$Value: InsertFieldValue,
  InsertHeader,
  MaskField$Key: MaskFieldKey,
  MaskField$Value: MaskFieldValue,
  RegexRouter,
  ReplaceField$Key: ReplaceFieldKey,
  ReplaceField$Value: ReplaceFieldValue,
  SetSchemaMetadata$Key: SetSchemaMetadataKey,
  SetSchemaMetadata$Value: SetSchemaMetadataValue,
  TimestampConverter$Key: TimestampConverterKey,
  TimestampConverter$Value: TimestampConverterValue,
  TimestampRouter,
  ValueToKey,
}

/** Apache's predicates. */
export const predicates: Readonly<Record<string, new () => Predicate>> = { HasHeaderKey, RecordIsTombstone, TopicNameMatches }
