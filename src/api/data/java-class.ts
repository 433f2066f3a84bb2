import type { ConnectValue } from './connect-value.ts'
import { Decimal } from './decimal.ts'
import { Double } from './double.ts'

/** `class java.lang.Integer`: how Java's messages name the class of a value. One number type here stands for several there. */
export function javaClass(value: ConnectValue | undefined): string {
  if (Buffer.isBuffer(value)) return 'class [B'
  return `class java.${className(value)}`
}

function className(value: ConnectValue | undefined): string {
  switch (typeof value) {
    case 'string':
      return 'lang.String'
    case 'boolean':
      return 'lang.Boolean'
    case 'number':
      return numberClass(value)
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? 'lang.Long' : 'math.BigInteger'
    default:
      return objectClass(value)
  }
}

function numberClass(value: number): string {
  if (!Number.isInteger(value)) return 'lang.Double'
  return (value | 0) === value ? 'lang.Integer' : 'lang.Long'
}

function objectClass(value: unknown): string {
  if (value instanceof Decimal) return 'math.BigDecimal'
  if (value instanceof Double) return 'lang.Double'
  if (value instanceof Date) return 'util.Date'
  if (Array.isArray(value)) return 'util.ArrayList'
  return value instanceof Map ? 'util.LinkedHashMap' : 'util.HashMap'
}
