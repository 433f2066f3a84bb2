import { asciiDigits } from '../java-digits.ts'

/** An exact decimal number, as java.math.BigDecimal: `unscaled × 10^-scale`. Immutable. */
export class Decimal {
  readonly unscaled: bigint
  readonly scale: number

  constructor(unscaled: bigint, scale: number) {
    this.unscaled = unscaled
    this.scale = scale
  }

  /** Reads what BigDecimal's constructor reads: sign, digits, fraction, exponent. Null: the text is not a decimal number. */
  static parse(text: string): Decimal | null {
    const parts = decimalPattern.exec(asciiDigits(text))
    if (parts === null) return null
    const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts
    const scale = fraction.length - Number(exponent)
    if ((whole === '' && fraction === '') || Math.abs(Number(exponent)) > maxScale || Math.abs(scale) > maxScale) return null
    const magnitude = BigInt(whole + fraction)
    return new Decimal(sign === '-' ? -magnitude : magnitude, scale)
  }

  /** BigDecimal's text: plain where the scale allows (`1.50`), else scientific (`5E+3`, `1E-7`). */
  toString(): string {
    const digits = (this.unscaled < 0n ? -this.unscaled : this.unscaled).toString()
    const sign = this.unscaled < 0n ? '-' : ''
    if (this.scale === 0) return sign + digits
    const adjusted = digits.length - 1 - this.scale
    if (this.scale > 0 && adjusted >= -6) return sign + withPoint(digits, this.scale)
    const mantissa = digits.length === 1 ? digits : `${digits.slice(0, 1)}.${digits.slice(1)}`
    return adjusted === 0 ? sign + mantissa : `${sign}${mantissa}E${adjusted > 0 ? '+' : ''}${String(adjusted)}`
  }

  /** The nearest double; far beyond its range, infinity. */
  toNumber(): number {
    return Number(`${this.unscaled.toString()}e${String(-this.scale)}`)
  }

  /** The low 64 bits of the whole part, as BigDecimal#longValue: zero from 10^64 on. */
  toLong(): bigint {
    const hasWholePart = this.scale > -64 && this.scale < this.unscaled.toString().length
    return hasWholePart ? BigInt.asIntN(64, this.toBigInt()) : 0n
  }

  /** The whole part: what is behind the point is cut off. */
  toBigInt(): bigint {
    return this.scale > 0 ? this.unscaled / 10n ** BigInt(this.scale) : this.unscaled * 10n ** BigInt(-this.scale)
  }
}

const decimalPattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/
const maxScale = 2_147_483_647

function withPoint(digits: string, scale: number): string {
  const padded = digits.padStart(scale + 1, '0')
  return `${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}
