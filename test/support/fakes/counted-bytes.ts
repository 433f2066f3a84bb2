import type { InflightBytes } from '../../../src/kafka/ports.ts'

/** A share of memory that remembers the most that was held. */
export class CountedBytes implements InflightBytes {
  limit: number
  held = 0
  most = 0

  constructor(limit: number) {
    this.limit = limit
  }

  add(bytes: number): void {
    this.held += bytes
    this.most = Math.max(this.most, this.held)
  }
}
