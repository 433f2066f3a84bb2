import type { ConnectStruct, ConnectValue } from '../../api/data/connect-value.ts'
import { NULL_VALUE } from '../../api/data/schema-and-value.ts'
import { instanceChecks } from '../../api/data/struct.ts'
import { fieldOf, setField, type NewFields } from '../fields.ts'
import { sideOf } from '../side-change.ts'
import type { AddedField } from './added-field.ts'
import { deletedField, deletedMark, type EnvelopeOptions, type EnvelopeReader } from './envelope.ts'

/** Whether a schemaless value looks like what Debezium writes. */
export function isMapEnvelope(value: ConnectValue): value is ConnectStruct {
  if (!instanceChecks.STRUCT(value)) return false
  const map = value as ConnectStruct
  return typeof fieldOf(map, 'op') === 'string' && (Object.hasOwn(map, 'after') || Object.hasOwn(map, 'before'))
}

/** Envelopes of JSON without schemas. A field that the envelope does not have is not added. */
export function mapEnvelopeReader({ fields, headers, marksDeleted }: EnvelopeOptions): EnvelopeReader {
  return {
    row: (envelope, state) => mapIn(envelope, state),
    unwrapped: (envelope, state, row) => {
      const map: NewFields = { ...row }
      if (marksDeleted) setField(map, deletedField, deletedMark(state))
      for (const added of fields) {
        const value = addedValue(envelope, added)
        if (value !== null) setField(map, added.newName, value)
      }
      return sideOf(null, map)
    },
    deleted: () => NULL_VALUE,
    headers: (envelope) =>
      headers
        .map((added) => ({ key: added.newName, schema: null, value: addedValue(envelope, added) }))
        .filter(({ value }) => value !== null),
  }
}

function addedValue(envelope: ConnectStruct, { struct, field }: AddedField): ConnectValue {
  const parent = struct === null ? envelope : mapIn(envelope, struct)
  return (parent === null ? null : fieldOf(parent, field)) ?? fieldOf(envelope, field)
}

function mapIn(envelope: ConnectStruct, name: string): ConnectStruct | null {
  const value = fieldOf(envelope, name)
  return instanceChecks.STRUCT(value) ? (value as ConnectStruct) : null
}
