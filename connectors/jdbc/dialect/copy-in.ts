import type { Connection, Submittable } from 'pg'

/** What `pg` gives a submittable besides its types. */
interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
  sync?(): void
}

const pieceBytes = 1024 * 1024

/** `COPY … FROM STDIN` with everything there is to send, as `pg` runs it. */
export class CopyIn implements Submittable {
  /** Resolves with the number of rows. */
  readonly done: Promise<number>
  readonly #sql: string
  readonly #rows: Buffer
  #resolve: (count: number) => void = () => undefined
  #reject: (error: Error) => void = () => undefined
  #count = 0
  #failure: Error | null = null
  /** Set by `pg` where a query has a time limit; called with the error of the limit. */
  callback: (error: Error | null) => void = (error) => {
    if (error !== null) this.#reject(error)
  }

  constructor(sql: string, rows: Buffer) {
    this.#sql = sql
    this.#rows = rows
    this.done = new Promise<number>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  submit(connection: Connection): void {
    connection.query(this.#sql)
  }

  handleCopyInResponse(connection: CopyConnection): void {
    // in pieces: each is copied into a message of its own
    for (let from = 0; from < this.#rows.length; from += pieceBytes)
      connection.sendCopyFromChunk(this.#rows.subarray(from, from + pieceBytes))
    connection.endCopyFrom()
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#count = Number(/\d+$/.exec(text)?.[0] ?? 0)
  }

  /** Of the server, whose ReadyForQuery follows, or of the connection, after which nothing does. */
  handleError(error: Error): void {
    this.#failure = error
    this.#reject(error)
  }

  handleReadyForQuery(): void {
    if (this.#failure !== null) return
    this.callback(null)
    this.#resolve(this.#count)
  }
}
