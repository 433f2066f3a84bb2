import { Decimal } from 'standpipe/api'

/** `java.util.Date`: what Java calls a value that has no place in a document without a schema. */
export function javaClassName(value: unknown): string {
  if (typeof value === 'bigint') return 'java.math.BigInteger'
  if (value instanceof Decimal) return 'java.math.BigDecimal'
  if (value instanceof Date) return 'java.util.Date'
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}
