import type { Schema, SchemaType } from '../../api/data/schema.ts'
import { SchemaBuilder } from '../../api/data/schema-builder.ts'
import { DataException, SchemaBuilderException } from '../../api/errors.ts'
import { JsonNumber, type JsonNode, type JsonObject } from './json-reader.ts'
import { typeNames } from './json-types.ts'
import type { PayloadReader } from './payload-reader.ts'

const typesByName: ReadonlyMap<string, SchemaType> = new Map(Object.entries(typeNames).map(([type, name]) => [name, type as SchemaType]))

/**
 * The schema of an envelope; null for JSON's null. Apache Kafka 4.3, JsonConverter#asConnectSchema.
 * @param payloads reads the default
 * @throws DataException or SchemaBuilderException that says what is missing
 */
export function readSchema(node: JsonNode | undefined, payloads: PayloadReader): Schema | null {
  if (node === null) return null
  const type = member(node, 'type')
  if (typeof type !== 'string') throw new DataException("Schema must contain 'type' field")
  return complete(builderOf(type, node, payloads), node, payloads)
}

function builderOf(typeName: string, node: JsonNode | undefined, payloads: PayloadReader): SchemaBuilder {
  const type = typesByName.get(typeName)
  switch (type) {
    case undefined:
      throw new DataException(`Unknown schema type: ${typeName}`)
    case 'ARRAY':
      return SchemaBuilder.array(readSchema(itemsOf(node), payloads))
    case 'MAP':
      return SchemaBuilder.map(readSchema(required(node, 'keys', 'key'), payloads), readSchema(required(node, 'values', 'value'), payloads))
    case 'STRUCT':
      return withFields(SchemaBuilder.struct(), node, payloads)
    default:
      return SchemaBuilder.type(type)
  }
}

function itemsOf(node: JsonNode | undefined): JsonNode {
  const items = member(node, 'items')
  if (items === null || items === undefined) throw new DataException('Array schema did not specify the element type')
  return items
}

function required(node: JsonNode | undefined, name: string, role: string): JsonNode {
  const found = member(node, name)
  if (found === undefined) throw new DataException(`Map schema did not specify the ${role} type`)
  return found
}

function withFields(builder: SchemaBuilder, node: JsonNode | undefined, payloads: PayloadReader): SchemaBuilder {
  const fields = member(node, 'fields')
  if (!Array.isArray(fields)) throw new DataException('Struct schema\'s "fields" argument is not an array.')
  for (const field of fields as readonly JsonNode[]) {
    const name = member(field, 'field')
    if (typeof name !== 'string') throw new DataException("Struct schema's field name not specified properly")
    builder.field(name, readSchema(field, payloads))
  }
  return builder
}

/** Adds what every type may have; a property of another kind than expected is ignored, as Java does. */
function complete(builder: SchemaBuilder, node: JsonNode | undefined, payloads: PayloadReader): Schema {
  if (member(node, 'optional') === true) builder.optional()
  const name = member(node, 'name')
  if (typeof name === 'string') builder.name(name)
  const version = member(node, 'version')
  if (isIntegral(version)) builder.version(Number(BigInt.asIntN(32, BigInt(version instanceof JsonNumber ? version.text : version))))
  const doc = member(node, 'doc')
  if (typeof doc === 'string') builder.doc(doc)
  addParameters(builder, member(node, 'parameters'))
  addDefault(builder, member(node, 'default'), payloads)
  return builder.build()
}

function isIntegral(node: JsonNode | undefined): node is number | JsonNumber {
  return node instanceof JsonNumber ? node.isIntegral : typeof node === 'number' && Number.isInteger(node)
}

function addParameters(builder: SchemaBuilder, parameters: JsonNode | undefined): void {
  if (!isObject(parameters)) return
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value !== 'string') throw new DataException('Schema parameters must have string values.')
    builder.parameter(name, value)
  }
}

function addDefault(builder: SchemaBuilder, node: JsonNode | undefined, payloads: PayloadReader): void {
  if (node === undefined) return
  const schema = builder.build()
  const value = payloads.read(schema, node)
  // In Java the default of a struct belongs to the unfinished schema, and is refused for that.
  if (schema.type === 'STRUCT' && value !== null) {
    throw new SchemaBuilderException('Invalid default value', { cause: new DataException('Struct schemas do not match.') })
  }
  builder.defaultValue(value)
}

function member(node: JsonNode | undefined, name: string): JsonNode | undefined {
  return isObject(node) && Object.hasOwn(node, name) ? node[name] : undefined
}

function isObject(node: JsonNode | undefined): node is JsonObject {
  return typeof node === 'object' && node !== null && !Array.isArray(node) && !(node instanceof JsonNumber)
}
