import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LeaderEpochs } from '../../../../src/broker/log/leader-epochs.ts'

/** Epoch 0 from offset 0 on, 1 from 10 on, 4 from 30 on. */
function threeEpochs(): LeaderEpochs {
  const epochs = new LeaderEpochs()
  epochs.begin(10)
  epochs.begin(30, 4)
  return epochs
}

describe('the leader epochs of a log', () => {
  it.each([
    [4, { leaderEpoch: 4, endOffset: 50 }],
    [3, { leaderEpoch: 1, endOffset: 30 }],
    [1, { leaderEpoch: 1, endOffset: 30 }],
    [0, { leaderEpoch: 0, endOffset: 10 }],
    [5, null],
    [-1, null],
  ])('epoch %i ends at %o', (asked, end) => {
    expect(threeEpochs().endOf(asked, 0, 50)).toEqual(end)
  })

  it.each([
    // the first epoch that is left begins where the log does
    [0, 20, { leaderEpoch: 0, endOffset: 20 }],
    [1, 20, { leaderEpoch: 1, endOffset: 30 }],
    [3, 40, { leaderEpoch: 3, endOffset: 40 }],
    [1, 30, { leaderEpoch: 1, endOffset: 30 }],
    [4, 40, { leaderEpoch: 4, endOffset: 50 }],
  ])('epoch %i in a log that starts at %i ends at %o', (asked, logStartOffset, end) => {
    expect(threeEpochs().endOf(asked, logStartOffset, 50)).toEqual(end)
  })

  it('say which record is of which', () => {
    expect([0, 9, 10, 29, 30, 99].map((offset) => threeEpochs().at(offset))).toEqual([0, 0, 1, 1, 4, 4])
  })

  it('that lost all their records, or had none, are forgotten, and their numbers not used again', () => {
    const epochs = threeEpochs()
    epochs.begin(10)
    expect(epochs.since(0)).toEqual([{ epoch: 0, startOffset: 0 }, { epoch: 5, startOffset: 10 }]) // prettier-ignore
    epochs.begin(10)
    expect(epochs.since(0)).toEqual([{ epoch: 0, startOffset: 0 }, { epoch: 6, startOffset: 10 }]) // prettier-ignore
  })

  it('tell a reader that records it has read are lost, and tell nobody so who lost nothing, whatever happens to the log', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constant('crash' as const), count: fc.integer({ min: 0, max: 6 }) }),
      fc.record({ kind: fc.constant('trim' as const), count: fc.integer({ min: 0, max: 4 }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => holdsForReaders(steps)),
      { numRuns: 500 },
    )
  })
})

interface Step {
  readonly kind: 'append' | 'crash' | 'trim'
  readonly count: number
}

/** Someone who has read everything, the last record under `epoch`. */
interface Reader {
  readonly epoch: number
  readonly read: readonly number[]
}

/** Every record of the model is another number: those that a reader had, and that are not deleted, must be where it had them. */
function holdsForReaders(steps: readonly Step[]): void {
  const epochs = new LeaderEpochs()
  const readers: Reader[] = []
  let log: number[] = []
  let [start, made] = [0, 0]
  for (const { kind, count } of steps) {
    if (kind === 'append') for (let left = count; left > 0; left--) log.push(made++)
    if (kind === 'trim') start = Math.min(log.length, start + count)
    if (kind === 'crash') {
      log = log.slice(0, Math.max(start, log.length - count))
      epochs.begin(log.length)
    }
    for (const { epoch, read } of readers) {
      const end = epochs.endOf(epoch, start, log.length)
      const isTold = end === null || end.endOffset < read.length
      const isLost = read.some((record, offset) => offset >= start && log[offset] !== record)
      expect([isTold, end]).toEqual([isLost, end])
    }
    if (log.length > start) readers.push({ epoch: epochs.at(log.length - 1), read: [...log] })
  }
}
