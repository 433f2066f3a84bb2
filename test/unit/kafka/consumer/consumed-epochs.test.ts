import { describe, expect, it } from 'vitest'
import { ConsumedEpochs } from '../../../../src/kafka/consumer/consumed-epochs.ts'

const at = (epochs: ConsumedEpochs, positions: readonly number[], current: number) =>
  positions.map((position) => epochs.at(position, current))

describe('leader epochs of what was consumed', () => {
  it('belong to the record before a position, across batches, gaps of compaction and elections', () => {
    const epochs = new ConsumedEpochs()
    epochs.restart(5, 1)
    epochs.entered(1, 3)
    epochs.entered(1, 8)
    epochs.entered(4, 20)
    expect(at(epochs, [4, 5, 6, 20, 21, 30], 30)).toEqual([-1, 1, 1, 1, 4, 4])
  })

  it('begin behind a start within a batch', () => {
    const epochs = new ConsumedEpochs()
    epochs.restart(5, -1)
    epochs.entered(2, 3)
    expect(at(epochs, [5, 6], 6)).toEqual([-1, 2])
  })

  it('are not known behind the position, but for what was read before the log was cut off', () => {
    const epochs = new ConsumedEpochs()
    epochs.restart(0, -1)
    epochs.entered(2, 0)
    expect(at(epochs, [10, 11], 10)).toEqual([2, -1])
    epochs.cutOff(6, 1, 10)
    expect(at(epochs, [5, 6, 7, 10, 11], 6)).toEqual([2, 1, 2, 2, -1])
    epochs.entered(3, 6)
    expect(at(epochs, [6, 7, 10], 7)).toEqual([1, 3, 2])
    expect(at(epochs, [6, 7, 10], 12)).toEqual([1, 3, 3])
    epochs.restart(0, -1)
    expect(at(epochs, [0, 6], 0)).toEqual([-1, -1])
  })

  it('of what was read and cut off are not taken for those of what is there now', () => {
    const epochs = new ConsumedEpochs()
    epochs.restart(0, -1)
    for (const epoch of [1, 2, 3]) epochs.entered(epoch, 20 * epoch)
    epochs.cutOff(30, 1, 80)
    epochs.entered(5, 30)
    expect(at(epochs, [21, 30, 31, 41, 61], 70)).toEqual([1, 1, 5, 5, 5])
  })

  it('begin anew where the log ends before what was read of it since the start', () => {
    const epochs = new ConsumedEpochs()
    epochs.restart(5, 4)
    epochs.cutOff(3, 2, 5)
    expect(at(epochs, [2, 3, 4, 5], 3)).toEqual([-1, 2, -1, 4])
  })

  it('are kept of the last elections only', () => {
    const epochs = new ConsumedEpochs()
    epochs.restart(0, -1)
    for (let epoch = 0; epoch < 1000; epoch++) epochs.entered(epoch, epoch)
    expect(at(epochs, [1, 990, 1000], 1000)).toEqual([-1, 989, 999])
  })
})
