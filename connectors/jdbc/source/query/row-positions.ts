import { ConnectException } from 'standpipe/api'
import type { SqlText } from '../../dialect/connection.ts'
import type { ValueSettings } from '../config/settings.ts'
import { Moment } from '../value/moment.ts'
import type { Position } from './position.ts'

/** Reads from a row where it stands: its number and its time. */
export class RowPositions {
  readonly #relation: string
  readonly #idPlace: number
  readonly #timePlaces: readonly number[]
  readonly #moment: Moment
  readonly #snapshot: string | null

  /** @param idPlace -1: the mode has none @param timePlaces empty: the mode has none @param relation for messages @param snapshot null: none is kept */
  constructor(relation: string, idPlace: number, timePlaces: readonly number[], settings: ValueSettings, snapshot: string | null) {
    this.#relation = relation
    this.#idPlace = idPlace
    this.#timePlaces = timePlaces
    this.#snapshot = snapshot
    this.#moment = new Moment(settings.zone, 'PROLEPTIC_GREGORIAN')
  }

  /** @throws ConnectException for a row without number */
  of(row: readonly SqlText[]): Position {
    const id = this.#idPlace < 0 ? null : this.#id(row)
    if (this.#snapshot !== null) return { id, time: null, snapshot: this.#snapshot }
    return { id, time: this.#timePlaces.length === 0 ? null : this.#time(row) }
  }

  #id(row: readonly SqlText[]): string {
    const text = row[this.#idPlace] ?? null
    if (text === null) {
      const time = this.#timeText(row)
      throw new ConnectException(
        `Null value for incrementing column of ${this.#relation}${time === null ? '' : `, in the row of ${time}`}. Rows without a number cannot be read in this mode.`,
      )
    }
    if (text.length > 18 && BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) {
      throw new ConnectException(`The value ${text} of the incrementing column of ${this.#relation} exceeds 64 bits.`)
    }
    return text
  }

  #time(row: readonly SqlText[]): { ms: number; micros: number } | null {
    const text = this.#timeText(row)
    if (text === null) return null
    this.#moment.readTimestamp(text)
    return { ms: this.#moment.ms, micros: this.#moment.micros }
  }

  #timeText(row: readonly SqlText[]): SqlText {
    for (const place of this.#timePlaces) {
      const text = row[place] ?? null
      if (text !== null) return text
    }
    return null
  }
}
