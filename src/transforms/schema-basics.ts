import { SchemaBuilder } from '../api/data/schema-builder.ts'
import type { Schema } from '../api/data/schema.ts'

/** The builder with name, version, doc and parameters of the schema, not its `optional` and default. Apache Kafka 4.3, SchemaUtil. */
export function copySchemaBasics(schema: Schema, builder: SchemaBuilder): SchemaBuilder {
  builder.name(schema.name).version(schema.version).doc(schema.doc)
  return schema.parameters === null ? builder : builder.parameters(schema.parameters)
}

/** A builder of the schema's type, elements included. */
export function builderLike(schema: Schema): SchemaBuilder {
  const { type, keySchema, valueSchema } = schema
  if (type === 'ARRAY') return copySchemaBasics(schema, SchemaBuilder.array(valueSchema))
  if (type === 'MAP') return copySchemaBasics(schema, SchemaBuilder.map(keySchema, valueSchema))
  return copySchemaBasics(schema, SchemaBuilder.type(type))
}
