import { ConnectException, RetriableException } from 'standpipe/api'
import { describe, expect, it } from 'vitest'
import { BatchPart } from '../../../../../connectors/elasticsearch/bulk/batch-part.ts'
import type { Batch } from '../../../../../connectors/elasticsearch/bulk/batch.ts'
import type { ItemError } from '../../../../../connectors/elasticsearch/bulk/bulk-answer.ts'
import { BulkDelivery, type BulkDeliveryParts } from '../../../../../connectors/elasticsearch/bulk/bulk-delivery.ts'
import { RefusedDocuments, type RefusedDocumentsParts } from '../../../../../connectors/elasticsearch/bulk/refused-documents.ts'
import { RequestGate } from '../../../../../connectors/elasticsearch/bulk/request-gate.ts'
import { RequestFailure } from '../../../../../connectors/elasticsearch/client/request-failure.ts'
import { CollectingLogger } from '../../../../support/fakes/collecting-logger.ts'
import { RecordingSinkTaskContext } from '../../../../support/fakes/sink-task-context.ts'
import { batchOf, idsOf, operation, operations } from '../operations.ts'

type Answer = readonly ItemError[] | RequestFailure

const item = (index: number, status: number, type: string): ItemError => ({
  index,
  status,
  error: { type, reason: 'for the test', causedBy: null },
})
const busy = (index: number) => item(index, 429, 'es_rejected_execution_exception')
const malformed = (index: number) => item(index, 400, 'document_parsing_exception')
const failure = (status: number, changes: Partial<RequestFailure> = {}) =>
  new RequestFailure({ kind: status === 0 ? 'disconnected' : 'status', status, message: `HTTP ${status}`, javaText: 'why', ...changes })

/** A delivery to a server whose answers are given; after those it takes everything. */
class Stage {
  readonly sent: string[][] = []
  readonly log = new CollectingLogger()
  readonly context: RecordingSinkTaskContext
  readonly recreated: string[] = []
  readonly delivery: BulkDelivery
  readonly #answers: ((ids: readonly string[]) => Answer)[]

  constructor(
    answers: readonly (Answer | ((ids: readonly string[]) => Answer))[],
    changes: Partial<BulkDeliveryParts & RefusedDocumentsParts> & { readonly reporter?: never } = {},
    reporter: 'takes all' | 'throws' | null = 'takes all',
  ) {
    this.#answers = answers.map((answer) => (typeof answer === 'function' ? answer : () => answer))
    this.context = new RecordingSinkTaskContext(this.log, reporter)
    const refused = {
      reporter: this.context.errantRecordReporter,
      behaviorOnMalformed: 'ignore',
      isDataStream: false,
      log: this.log,
      ...changes,
    } as const
    this.delivery = new BulkDelivery({
      client: { bulk: (body) => this.#bulk(body) },
      gate: new RequestGate(5),
      refused: new RefusedDocuments(refused),
      backoff: { baseMs: 1, longestMs: 10, random: () => 0 },
      maxRetries: Number.POSITIVE_INFINITY,
      recreate: (index) => Promise.resolve(void this.recreated.push(index)),
      log: this.log,
      ...changes,
    })
  }

  async deliver(batch: Batch): Promise<void> {
    await this.delivery.deliver(BatchPart.whole(batch))
  }

  /** Offsets of the records reported. */
  get reported(): number[] {
    return this.context.reported.map(({ record }) => record.originalKafkaOffset)
  }

  #bulk(body: Buffer): Promise<readonly ItemError[]> {
    const ids = idsOf(body)
    this.sent.push(ids)
    const answer = this.#answers.length > 1 ? this.#answers.shift()!(ids) : (this.#answers.shift()?.(ids) ?? [])
    return answer instanceof RequestFailure ? Promise.reject(answer) : Promise.resolve(answer)
  }
}

describe('the delivery of a batch', () => {
  it('is one request when all goes well', async () => {
    const stage = new Stage([])
    await stage.deliver(batchOf(operations(3)))
    expect(stage.sent).toEqual([['0', '1', '2']])
  })

  it('#61 makes the same request again when the server cannot', async () => {
    const stage = new Stage([failure(503), failure(0), failure(502)])
    await stage.deliver(batchOf(operations(2)))
    expect(stage.sent).toEqual(Array(4).fill(['0', '1']))
    expect(stage.log.lines).toHaveLength(2)
    expect(stage.delivery.trouble).toBeNull()
  })

  it('#62 fails the task after max.retries, and reports no record', async () => {
    const stage = new Stage([failure(503), failure(503), failure(503)], { maxRetries: 2 })
    const failed = stage.deliver(batchOf(operations(2)))
    await expect(failed).rejects.toMatchObject({
      message: 'Bulk request failed',
      cause: { message: "Failed to execute bulk request due to 'why' after 3 attempt(s)" },
    })
    expect(stage.sent).toHaveLength(3)
    expect(stage.reported).toEqual([])
  })

  it('#63 sends only those operations again that were put off', async () => {
    const stage = new Stage([[busy(1), busy(3)], [busy(1)]])
    await stage.deliver(batchOf(operations(4)))
    expect(stage.sent).toEqual([['0', '1', '2', '3'], ['1', '3'], ['3']])
    expect(stage.reported).toEqual([])
  })

  it('#63 counts what is put off against max.retries', async () => {
    const stage = new Stage([[busy(0)], [busy(0)]], { maxRetries: 1 })
    const batch = batchOf(operations(2))
    await expect(stage.deliver(batch)).rejects.toThrow('Bulk request failed')
    expect([batch.isSettled(0), batch.isSettled(1)]).toEqual([false, true])
    expect(stage.reported).toEqual([])
  })

  it('#54 #57 reports a malformed document alone and writes the rest', async () => {
    const stage = new Stage([[malformed(1)]])
    await stage.deliver(batchOf(operations(3)))
    expect(stage.sent).toHaveLength(1)
    expect(stage.context.reported.map(({ error }) => [error.message, (error.cause as Error).message])).toEqual([
      [
        'Indexing failed: ElasticsearchException[Elasticsearch exception [type=document_parsing_exception, reason=for the test]]',
        'Document 1 of index t, from t-0@1 was refused with status 400: document_parsing_exception: for the test',
      ],
    ])
  })

  it('reports a refusal without a stack, and leaves those of others as they are', async () => {
    const stage = new Stage([[malformed(0)]])
    await stage.deliver(batchOf(operations(1)))
    const { error } = stage.context.reported[0]!
    expect([error, error.cause].map((each) => /^\s+at /m.test((each as Error).stack!))).toEqual([false, false])
    expect(new Error('another').stack).toMatch(/^\s+at /m)
  })

  it('#55 warns of a malformed document without its contents', async () => {
    const stage = new Stage([[malformed(1)]], { behaviorOnMalformed: 'warn' })
    await stage.deliver(batchOf(operations(3)))
    expect(stage.log.lines).toEqual([
      'WARN A document of index t, from t-0@1, was refused: document_parsing_exception: for the test; it is left out',
    ])
  })

  it('#56 fails the task at a malformed document, with the others settled', async () => {
    const stage = new Stage([[malformed(1)]], { behaviorOnMalformed: 'fail' })
    const batch = batchOf(operations(3))
    await expect(stage.deliver(batch)).rejects.toThrow('Indexing record failed. Please check DLQ topic for errors.')
    expect([0, 1, 2].map((position) => batch.isSettled(position))).toEqual([true, false, true])
    expect(stage.reported).toEqual([1])
  })

  it('settles nothing of a request when a report is not tolerated', async () => {
    const stage = new Stage([[malformed(1)]], {}, 'throws')
    const batch = batchOf(operations(3))
    await expect(stage.deliver(batch)).rejects.toMatchObject({
      message: 'Bulk request failed',
      cause: { message: 'Tolerance exceeded in error handler' },
    })
    expect(batch.hasSettled).toBe(false)
  })

  it('#58 takes an older version for done, counted and said once', async () => {
    const stage = new Stage([[0, 1, 2].map((index) => item(index, 409, 'version_conflict_engine_exception'))].map((items) => items))
    await stage.deliver(batchOf([0, 1, 2].map((offset) => operation(offset, { version: offset }))))
    expect(stage.reported).toEqual([])
    expect(stage.log.lines).toHaveLength(1)
  })

  it('#59 reports a conflict of an update, and goes on', async () => {
    const stage = new Stage([[item(0, 409, 'version_conflict_engine_exception')]])
    await stage.deliver(batchOf([operation(0, { action: 'update', retryOnConflict: 5 })]))
    expect(stage.reported).toEqual([0])
  })

  it('#60 takes a document that a data stream has for done', async () => {
    const stage = new Stage([[item(0, 409, 'version_conflict_engine_exception')]], { isDataStream: true })
    await stage.deliver(batchOf([operation(0, { action: 'create' })]))
    expect(stage.reported).toEqual([])
  })

  it('#69 makes an index again that has gone, and sends what was for it', async () => {
    const gone = (index: number) => item(index, 404, 'index_not_found_exception')
    const stage = new Stage([[gone(0), gone(2)]])
    await stage.deliver(batchOf(operations(3)))
    expect(stage.recreated).toEqual(['t'])
    expect(stage.sent).toEqual([
      ['0', '1', '2'],
      ['0', '2'],
    ])
  })

  it('#69 waits when the index cannot be made just now', async () => {
    let attempts = 0
    const recreate = () => (++attempts === 1 ? Promise.reject(new RetriableException('no master')) : Promise.resolve())
    const gone = [item(0, 404, 'index_not_found_exception')]
    const stage = new Stage([gone, gone], { recreate })
    await stage.deliver(batchOf(operations(1)))
    expect([stage.sent.length, attempts]).toEqual([3, 2])
  })

  it('#51 a deletion where there is no index is done', async () => {
    const stage = new Stage([[item(0, 404, 'index_not_found_exception')]])
    await stage.deliver(batchOf([operation(0, { action: 'delete', source: null })]))
    expect([stage.sent.length, stage.reported, stage.recreated]).toEqual([1, [], []])
  })

  it('#51 a deletion with a version waits for its index, which keeps older documents out', async () => {
    const stage = new Stage([[item(0, 404, 'index_not_found_exception')]])
    await stage.deliver(batchOf([operation(0, { action: 'delete', source: null, version: 0 })]))
    expect([stage.sent.length, stage.reported, stage.recreated]).toEqual([2, [], ['t']])
  })

  it('#65 fails at once where nothing helps', async () => {
    const stage = new Stage([failure(403)])
    await expect(stage.deliver(batchOf(operations(2)))).rejects.toThrow('Bulk request failed')
    expect(stage.sent).toHaveLength(1)
  })

  it('#64 comes again when the server says, and no request does before', async () => {
    class AskedGate extends RequestGate {
      readonly heldMs: number[] = []
      override holdFor(ms: number): void {
        this.heldMs.push(ms)
      }
    }
    const gate = new AskedGate(5)
    const stage = new Stage([failure(429, { retryAfterMs: 1000 })], { gate })
    await stage.deliver(batchOf(operations(1)))
    expect(gate.heldMs).toEqual([1000])
  })

  describe('an operation that is put off and overtaken by others on its document', () => {
    const on = (id: string, offset: number, changes: Parameters<typeof operation>[1] = {}) =>
      operation(offset, { action: 'update', id, ...changes })
    const deletion = { action: 'delete', source: null } as const

    it('has them done again behind it: the newest keeps the last word', async () => {
      const stage = new Stage([[busy(1)]])
      await stage.deliver(batchOf([on('k', 0), on('k', 1), on('l', 2), on('k', 3), on('k', 4, deletion), on('k', 5, { index: 'u' })]))
      expect(stage.sent).toEqual([
        ['k', 'k', 'l', 'k', 'k', 'k'],
        ['k', 'k', 'k'],
      ])
    })

    it('has a deletion done again that found no index', async () => {
      const gone = (index: number) => item(index, 404, 'index_not_found_exception')
      const stage = new Stage([[gone(0), gone(1), gone(2)]])
      await stage.deliver(batchOf([on('k', 0), on('k', 1, deletion), on('l', 2, deletion)]))
      expect(stage.sent).toEqual([
        ['k', 'k', 'l'],
        ['k', 'k'],
      ])
      expect(stage.recreated).toEqual(['t'])
    })

    it('leaves out what is refused for good, and is reported once', async () => {
      const stage = new Stage([[busy(0), malformed(1)]])
      await stage.deliver(batchOf([on('k', 0), on('k', 1), on('k', 2)]))
      expect(stage.sent.map(({ length }) => length)).toEqual([3, 2])
      expect(stage.reported).toEqual([1])
    })

    it.for([
      ['a version', { action: 'index', version: 1 }],
      ['that creates', { action: 'create' }],
      ['without id', { action: 'index', id: null }],
    ] as const)('leaves them where they are: %s', async ([, changes]) => {
      const stage = new Stage([[busy(0)]])
      await stage.deliver(batchOf([on('k', 0, changes), on('k', 1, changes)]))
      expect(stage.sent[1]).toHaveLength(changes.action === 'index' && 'id' in changes ? 0 : 1)
    })
  })

  it('gives up what was put off when nothing is to be waited for any more', async () => {
    const stage = new Stage([[busy(0)]], { backoff: { baseMs: 60_000, longestMs: 60_000, random: () => 0.5 } })
    const delivered = stage.deliver(batchOf(operations(1)))
    await expect.poll(() => stage.delivery.trouble).not.toBeNull()
    stage.delivery.giveUp()
    await expect(delivered).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('says once that operations are put off, and that it is over', async () => {
    const stage = new Stage([[busy(0)], [busy(0)], [busy(0)]])
    await stage.deliver(batchOf(operations(2)))
    expect(stage.log.lines).toEqual([
      'WARN Elasticsearch puts off 1 operations of 2, which are tried again: es_rejected_execution_exception: for the test',
      'INFO Elasticsearch takes all that it is sent again',
    ])
  })

  it('#66 splits what is too large, keeps the order, and learns', async () => {
    const tooLarge = (ids: readonly string[]): Answer => (ids.length > 2 ? failure(413) : [])
    const stage = new Stage(Array(20).fill(tooLarge))
    await stage.deliver(batchOf(operations(8)))
    expect(stage.sent.filter((ids) => ids.length <= 2).flat()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
    expect(stage.delivery.byteLimit).toBe(64 * 1024)
  })

  it('#67 a document that is too large alone is malformed', async () => {
    const stage = new Stage(Array(10).fill((ids: readonly string[]): Answer => (ids.includes('1') ? failure(413) : [])))
    await stage.deliver(batchOf([operation(0), operation(1, { source: JSON.stringify('x'.repeat(10_000)) }), operation(2)]))
    expect(stage.reported).toEqual([1])
    expect(new Set(stage.sent.filter((ids) => !ids.includes('1')).flat())).toEqual(new Set(['0', '2']))
  })

  it('finds the operation for which the whole request is refused', async () => {
    const stage = new Stage(Array(40).fill((ids: readonly string[]): Answer => (ids.includes('5') ? failure(400) : [])))
    await stage.deliver(batchOf(operations(16)))
    expect(stage.reported).toEqual([5])
  })

  it('blames no document where the server refuses every request', async () => {
    const stage = new Stage(Array(40).fill(failure(400)))
    await expect(stage.deliver(batchOf(operations(4)))).rejects.toThrow('Bulk request failed')
    expect(stage.reported).toEqual([])
  })

  it.for(['disconnected', 'timeout'] as const)('#68 splits a request that is left without an answer (%s) again and again', async (kind) => {
    const source = JSON.stringify('x'.repeat(50_000))
    const stage = new Stage(Array(20).fill((ids: readonly string[]): Answer => (ids.length > 2 ? failure(0, { kind }) : [])))
    await stage.deliver(batchOf([0, 1, 2, 3].map((offset) => operation(offset, { source }))))
    expect(stage.sent.slice(3)).toEqual([
      ['0', '1'],
      ['2', '3'],
    ])
  })

  it('does not send again what another task reads now', async () => {
    const batch = batchOf([operation(0), operation(0, { partition: 1, id: 'other' })])
    const stage = new Stage([
      () => {
        batch.drop([{ topic: 't', partition: 0 }])
        return failure(503)
      },
    ])
    await stage.deliver(batch)
    expect(stage.sent).toEqual([['0', 'other'], ['other']])
  })

  it('gives up, when asked to, while the server is in trouble', async () => {
    const stage = new Stage(Array(10_000).fill(failure(503)), { backoff: { baseMs: 60_000, longestMs: 60_000, random: () => 1 } })
    const delivered = stage.deliver(batchOf(operations(1)))
    await new Promise(setImmediate)
    stage.delivery.giveUp()
    await expect(delivered).rejects.toMatchObject({ name: 'AbortError' })
    expect(stage.delivery.trouble).toContain('HTTP 503')
  })

  it('names no record where none are kept', async () => {
    const stage = new Stage([[malformed(0)]], {}, null)
    await stage.deliver(batchOf(operations(1), false))
    expect(stage.reported).toEqual([])
  })

  it('passes on what is no failure of a request', async () => {
    const stage = new Stage([], { client: { bulk: () => Promise.reject(new ConnectException('a bug')) } })
    await expect(stage.deliver(batchOf(operations(1)))).rejects.toThrow('a bug')
  })
})
