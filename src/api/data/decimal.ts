/** An exact decimal number, as java.math.BigDecimal: `unscaled × 10^-scale`. Immutable. */
export class Decimal {
  readonly unscaled: bigint
  readonly scale: number

  constructor(unscaled: bigint, scale: number) {
    this.unscaled = unscaled
    this.scale = scale
  }
}
