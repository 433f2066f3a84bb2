import type { Properties } from './worker-side.ts'

/** Bytes of a JSON object as text, without the end of line. */
export const JSON_BYTES = 200

const TIME_FORMAT = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"
const NOW = 1_790_000_000_000

/** A reading of a sensor: an object of 200 B with numbers, texts, a flag, and null. */
export function jsonLine(number: number): string {
  const id = 100_000_000_000 + number
  const temperature = (10 + (number % 8_999) / 1000 + 0.0001).toFixed(4)
  const text =
    `{"id":${id},"device":"sensor-${String(number % 10_000).padStart(4, '0')}","temperature":"${temperature}","at":${NOW + number},` +
    `"room":"north-3","active":true,"note":null,"spare":"`
  return `${text}${'x'.repeat(JSON_BYTES - text.length - 2)}"}`
}

/** The five of the chain, all at work on such an object. Configured alike for both sides. */
export const fiveTransformations: Properties = {
  transforms: 'insert,cast,replace,time,key',
  'transforms.insert.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
  'transforms.insert.static.field': 'site',
  'transforms.insert.static.value': 'harbour',
  'transforms.cast.type': 'org.apache.kafka.connect.transforms.Cast$Value',
  'transforms.cast.spec': 'temperature:float64,id:string',
  'transforms.replace.type': 'org.apache.kafka.connect.transforms.ReplaceField$Value',
  'transforms.replace.exclude': 'spare',
  'transforms.replace.renames': 'room:place',
  'transforms.time.type': 'org.apache.kafka.connect.transforms.TimestampConverter$Value',
  'transforms.time.field': 'at',
  'transforms.time.target.type': 'string',
  'transforms.time.format': TIME_FORMAT,
  'transforms.key.type': 'org.apache.kafka.connect.transforms.ValueToKey',
  'transforms.key.fields': 'id',
}

/**
 * The same five behind HoistField, for lines of a file, which are text with a schema: no transformation of Apache's reads JSON in them.
 */
export const fiveOfStructs: Properties = {
  transforms: 'hoist,insert,cast,replace,time,key',
  'transforms.hoist.type': 'org.apache.kafka.connect.transforms.HoistField$Value',
  'transforms.hoist.field': 'line',
  'transforms.insert.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
  'transforms.insert.static.field': 'at',
  'transforms.insert.static.value': String(NOW),
  'transforms.insert.topic.field': 'origin',
  'transforms.cast.type': 'org.apache.kafka.connect.transforms.Cast$Value',
  'transforms.cast.spec': 'at:int64',
  'transforms.replace.type': 'org.apache.kafka.connect.transforms.ReplaceField$Value',
  'transforms.replace.renames': 'line:message',
  'transforms.time.type': 'org.apache.kafka.connect.transforms.TimestampConverter$Value',
  'transforms.time.field': 'at',
  'transforms.time.target.type': 'string',
  'transforms.time.format': TIME_FORMAT,
  'transforms.key.type': 'org.apache.kafka.connect.transforms.ValueToKey',
  'transforms.key.fields': 'origin',
}

/** What the file sink writes of an object: Java's text of a map. The order of members is that of Java's HashMap there. */
export function untouchedText(number: number): string {
  return mapText(JSON.parse(jsonLine(number)) as Record<string, unknown>)
}

/** The same behind `fiveTransformations`. */
export function transformedText(number: number): string {
  const { id, temperature, at, room, spare: _spare, ...kept } = JSON.parse(jsonLine(number)) as Record<string, unknown>
  const date = new Date(at as number).toISOString()
  return mapText({ ...kept, id, temperature: Number(temperature), at: date, place: room, site: 'harbour' })
}

function mapText(map: Readonly<Record<string, unknown>>): string {
  return `{${Object.entries(map)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(', ')}}`
}
