import { ConnectException, type Logger, type SinkRecord, type TopicPartition, type TopicPartitionOffset } from 'standpipe/api'
import type { PgConnection } from '../../dialect/connection.ts'
import { partitionId } from './written-offsets.ts'

const createSql = `CREATE TABLE IF NOT EXISTS connect_offsets (connector text, topic text, partition int, next_offset bigint NOT NULL,
  epoch bigint NOT NULL, PRIMARY KEY (connector, topic, partition))`
/** Whoever claims a partition last owns it. */
const claimSql = `INSERT INTO connect_offsets AS o (connector, topic, partition, next_offset, epoch)
SELECT $1, x.topic, x.partition, -1, 1 FROM unnest($2::text[], $3::int[]) AS x(topic, partition) ORDER BY 2, 3
ON CONFLICT (connector, topic, partition) DO UPDATE SET epoch = o.epoch + 1 RETURNING topic, partition, next_offset, epoch`
const advanceSql = `UPDATE connect_offsets AS o SET next_offset = x.next
FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[]) AS x(topic, partition, epoch, expected, next)
WHERE o.connector = $1 AND o.topic = x.topic AND o.partition = x.partition AND o.epoch = x.epoch AND o.next_offset = x.expected`
const readSql = 'SELECT topic, partition, next_offset, epoch FROM connect_offsets WHERE connector = $1'

/** A partition that this task owns. */
interface Claim {
  readonly topic: string
  readonly partition: number
  readonly epoch: string
  /** The offset of the next record to write; -1: there was none yet. */
  next: number
}

/**
 * Offsets in the table `connect_offsets` of the database, changed in the transaction of the rows: a record is in the table exactly when its
 * offset is below the next one, whatever happens to the task. A task that has lost its partition to another cannot write any more.
 * Coordinates are those before transformations.
 */
export class OffsetLedger {
  readonly #connector: string
  readonly #log: Logger
  readonly #claims = new Map<string, Claim>()

  constructor(connector: string, log: Logger) {
    this.#connector = connector
    this.#log = log
  }

  /** Partitions of these records that are not owned yet. */
  unclaimed(records: readonly SinkRecord[]): TopicPartition[] {
    const missing = new Map<string, TopicPartition>()
    for (const { originalTopic: topic, originalKafkaPartition: partition } of records) {
      const id = partitionId(topic, partition)
      if (!this.#claims.has(id)) missing.set(id, { topic, partition })
    }
    return [...missing.values()]
  }

  /** Takes partitions over from whoever had them. @returns where they go on, as far as anything is known @throws SqlException */
  async claim(connection: PgConnection, partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    await connection.query(createSql)
    const values = [this.#connector, listOf(partitions.map(({ topic }) => topic)), listOf(partitions.map(({ partition }) => partition))]
    const { rows } = await connection.query(claimSql, values)
    const claims = rows.map(([topic, partition, next, epoch]): Claim => {
      return { topic: topic ?? '', partition: Number(partition), next: Number(next), epoch: epoch ?? '' }
    })
    for (const claim of claims) this.#claims.set(partitionId(claim.topic, claim.partition), claim)
    this.#log.info(
      `Offsets are kept in connect_offsets: ${claims.map(({ topic, partition, next }) => `${topic}-${partition} from ${next}`).join(', ')}`,
    )
    return claims.filter(({ next }) => next >= 0).map(({ topic, partition, next }) => ({ topic, partition, offset: next }))
  }

  /** Whether the record is in the database already. */
  isOld({ originalTopic, originalKafkaPartition, originalKafkaOffset }: SinkRecord): boolean {
    return originalKafkaOffset < (this.#claims.get(partitionId(originalTopic, originalKafkaPartition))?.next ?? -1)
  }

  /** Writes the offsets behind these records, as part of their transaction. @throws ConnectException when another task owns a partition @throws SqlException */
  async advance(connection: PgConnection, records: readonly SinkRecord[]): Promise<void> {
    const ends = [...this.#endsOf(records)]
    const columns = [
      ends.map(([{ topic }]) => topic),
      ends.map(([{ partition }]) => partition),
      ends.map(([{ epoch }]) => epoch),
      ends.map(([{ next }]) => next),
      ends.map(([, next]) => next),
    ]
    const { count } = await connection.queryPrepared(advanceSql, [this.#connector, ...columns.map(listOf)])
    if (count !== ends.length) throw this.#stranger()
  }

  /** The transaction is committed. */
  advanced(records: readonly SinkRecord[]): void {
    for (const [claim, next] of this.#endsOf(records)) claim.next = next
  }

  /** After a lost connection: whether the last transaction was committed shows in the offsets. @throws as `advance` */
  async readAgain(connection: PgConnection): Promise<void> {
    const { rows } = await connection.query(readSql, [this.#connector])
    for (const [topic, partition, next, epoch] of rows) {
      const claim = this.#claims.get(partitionId(topic ?? '', Number(partition)))
      if (claim === undefined) continue
      if (claim.epoch !== epoch) throw this.#stranger()
      claim.next = Number(next)
    }
  }

  release(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.#claims.delete(partitionId(topic, partition))
  }

  /** Per partition the offset behind its last record, in an order that all tasks share. */
  #endsOf(records: readonly SinkRecord[]): Map<Claim, number> {
    const ends = new Map<Claim, number>()
    for (const { originalTopic, originalKafkaPartition, originalKafkaOffset } of records) {
      const claim = this.#claims.get(partitionId(originalTopic, originalKafkaPartition))
      if (claim !== undefined) ends.set(claim, Math.max(ends.get(claim) ?? 0, originalKafkaOffset + 1))
    }
    return new Map([...ends].toSorted(([a], [b]) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1)))
  }

  #stranger(): ConnectException {
    return new ConnectException(
      `Another task writes partitions of this one: the offsets in connect_offsets of connector ${this.#connector} are not those it left there. Nothing of this transaction is written.`,
    )
  }
}

function listOf(values: readonly (string | number)[]): string {
  return `{${values.map((value) => (typeof value === 'number' ? String(value) : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`)).join(',')}}`
}
