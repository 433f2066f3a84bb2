import { ConnectException } from 'standpipe/api'
import type { SqlText } from '../../dialect/connection.ts'

/** A column of a relation as the log has it. */
export interface LoggedColumn {
  readonly name: string
  readonly isKey: boolean
  readonly typeOid: number
  readonly typeModifier: number
}

/** A table as it was when the changes behind this message were made. */
export interface LoggedRelation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly columns: readonly LoggedColumn[]
}

/** Values of a row in the order of the relation's columns; undefined: a large value that did not change and is not in the log. */
export type LoggedRow = readonly (SqlText | undefined)[]

/** One message of pgoutput, version 1 of its protocol. */
export type LogMessage =
  | { readonly kind: 'begin'; readonly commitLsn: bigint; readonly transaction: number }
  | { readonly kind: 'commit'; readonly endLsn: bigint }
  | { readonly kind: 'relation'; readonly relation: LoggedRelation }
  | { readonly kind: 'insert'; readonly relation: number; readonly row: LoggedRow }
  | { readonly kind: 'update'; readonly relation: number; readonly old: LoggedRow | null; readonly row: LoggedRow }
  | { readonly kind: 'delete'; readonly relation: number; readonly old: LoggedRow }
  | { readonly kind: 'truncate'; readonly relations: readonly number[] }
  /** Types and origins: of no use here. */
  | { readonly kind: 'other' }

/** https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html */
export function readLogMessage(bytes: Buffer): LogMessage {
  return new MessageReader(bytes).message()
}

class MessageReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  message(): LogMessage {
    const type = this.#char()
    switch (type) {
      case 'B':
        return this.#begin()
      case 'C':
        this.#at += 9
        return { kind: 'commit', endLsn: this.#int64() }
      case 'R':
        return { kind: 'relation', relation: this.#relation() }
      case 'I':
        return { kind: 'insert', relation: this.#int32(), row: this.#rowBehind() }
      case 'U':
        return this.#update()
      case 'D':
        return { kind: 'delete', relation: this.#int32(), old: this.#rowBehind() }
      case 'T':
        return this.#truncate()
      case 'Y':
      case 'O':
      case 'M':
        return { kind: 'other' }
      default:
        throw new ConnectException(`The server's log has a message of type ${type}, which version 1 of pgoutput does not know.`)
    }
  }

  #begin(): LogMessage {
    const commitLsn = this.#int64()
    this.#at += 8
    return { kind: 'begin', commitLsn, transaction: this.#int32() }
  }

  #update(): LogMessage {
    const relation = this.#int32()
    const hasOld = this.#bytes[this.#at] !== 78 // N
    const old = hasOld ? this.#rowBehind() : null
    return { kind: 'update', relation, old, row: this.#rowBehind() }
  }

  #truncate(): LogMessage {
    const count = this.#int32()
    this.#at++
    return { kind: 'truncate', relations: Array.from({ length: count }, () => this.#int32()) }
  }

  #relation(): LoggedRelation {
    const [oid, schema, name] = [this.#int32(), this.#text(), this.#text()]
    this.#at++
    return { oid, schema, name, columns: Array.from({ length: this.#int16() }, () => this.#column()) }
  }

  #column(): LoggedColumn {
    const flags = this.#bytes[this.#at++] ?? 0
    return { isKey: (flags & 1) === 1, name: this.#text(), typeOid: this.#int32(), typeModifier: this.#int32() | 0 }
  }

  /** Behind the letter that tells which row it is. */
  #rowBehind(): LoggedRow {
    this.#at++
    return Array.from({ length: this.#int16() }, () => this.#value())
  }

  #value(): SqlText | undefined {
    const kind = this.#char()
    if (kind === 'n') return null
    if (kind === 'u') return undefined
    const start = this.#at + 4
    const length = this.#int32()
    this.#at = start + length
    return this.#bytes.toString('utf8', start, this.#at)
  }

  #char(): string {
    return String.fromCharCode(this.#bytes[this.#at++] ?? 0)
  }

  #int16(): number {
    this.#at += 2
    return this.#bytes.readUInt16BE(this.#at - 2)
  }

  #int32(): number {
    this.#at += 4
    return this.#bytes.readUInt32BE(this.#at - 4)
  }

  #int64(): bigint {
    this.#at += 8
    return this.#bytes.readBigUInt64BE(this.#at - 8)
  }

  #text(): string {
    const end = this.#bytes.indexOf(0, this.#at)
    const text = this.#bytes.toString('utf8', this.#at, end)
    this.#at = end + 1
    return text
  }
}
