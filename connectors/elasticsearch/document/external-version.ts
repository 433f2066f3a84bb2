import { DataException, lastHeader, Values, type Header, type SinkRecord } from 'standpipe/api'

const longText = /^[+-]?\d+$/
const largest = 2n ** 63n - 1n

/**
 * The version of a document that a header gives: a whole number from 0, or its text. The last header of that name counts.
 * @throws DataException, which names header and record, never the value: the header is missing, null, or no such number
 */
export function versionFromHeader(record: SinkRecord, name: string): number | bigint {
  const header = lastHeader(record.headers, name)
  const version = header === null ? null : wholeNumber(header)
  if (version !== null) return version
  throw new DataException(
    `Error converting external version header '${name}' to long for record from topic=${record.topic} ` +
      `partition=${record.originalKafkaPartition} offset=${record.originalKafkaOffset}`,
  )
}

/** Null: it is none from 0 to 2^63 - 1. */
function wholeNumber({ schema, value }: Header): number | bigint | null {
  if (typeof value === 'number' && Number.isSafeInteger(value) && isWholeType(schema?.type)) return value < 0 ? null : value
  const text = Values.convertToString(schema, value)
  if (text === null || !longText.test(text)) return null
  const exact = BigInt(text.startsWith('+') ? text.slice(1) : text)
  if (exact < 0n || exact > largest) return null
  return exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : exact
}

function isWholeType(type: string | undefined): boolean {
  return type === undefined || type.startsWith('INT')
}
