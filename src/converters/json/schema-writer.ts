import type { Schema } from '../../api/data/schema.ts'
import { quoteJson } from './json-string.ts'
import { typeNames } from './json-types.ts'
import type { PayloadWriter } from './payload-writer.ts'

/** A schema as the JSON text of an envelope. Apache Kafka 4.3, JsonConverter#asJsonSchema. @param payloads writes the default */
export function writeSchema(schema: Schema | null, payloads: PayloadWriter): string {
  return schema === null ? 'null' : `{${members(schema, payloads).join(',')}}`
}

function members(schema: Schema, payloads: PayloadWriter): string[] {
  const texts = [`"type":"${typeNames[schema.type]}"`]
  if (schema.type === 'ARRAY') texts.push(`"items":${writeSchema(schema.valueSchema, payloads)}`)
  if (schema.type === 'MAP') {
    texts.push(`"keys":${writeSchema(schema.keySchema, payloads)}`, `"values":${writeSchema(schema.valueSchema, payloads)}`)
  }
  if (schema.type === 'STRUCT')
    texts.push(`"fields":[${schema.fields.map((field) => fieldText(field.schema, field.name, payloads)).join(',')}]`)
  texts.push(`"optional":${String(schema.optional)}`)
  if (schema.name !== null) texts.push(`"name":${quoteJson(schema.name)}`)
  if (schema.version !== null) texts.push(`"version":${String(schema.version)}`)
  if (schema.doc !== null) texts.push(`"doc":${quoteJson(schema.doc)}`)
  if (schema.parameters !== null) texts.push(`"parameters":{${parameterTexts(schema.parameters).join(',')}}`)
  if (schema.defaultValue !== undefined) texts.push(`"default":${payloads.write(schema, schema.defaultValue)}`)
  return texts
}

function fieldText(schema: Schema, name: string, payloads: PayloadWriter): string {
  return `{${members(schema, payloads).join(',')},"field":${quoteJson(name)}}`
}

function parameterTexts(parameters: ReadonlyMap<string, string>): string[] {
  return Array.from(parameters, ([name, value]) => `${quoteJson(name)}:${quoteJson(value)}`)
}
