import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ToleranceBudget } from '../../../../src/runtime/errors/tolerance-budget.ts'

const noCount = { maxCount: -1, maxRatio: 1, window: 1000 }

/** What the budget says to each bad record. */
function verdicts(budget: ToleranceBudget, bad: number): boolean[] {
  return Array.from({ length: bad }, () => budget.failed() !== null)
}

describe('ToleranceBudget', () => {
  it('has no limit unless one is set', () => {
    expect(verdicts(new ToleranceBudget(noCount), 5000)).not.toContain(true)
  })

  it('puts up with as many bad records as max.count says, and says what is used up at the next', () => {
    const budget = new ToleranceBudget({ ...noCount, maxCount: 2 })
    budget.succeeded(10)
    expect(budget.failed()).toBeNull()
    budget.succeeded(5)
    expect(budget.failed()).toBeNull()
    expect(budget.failed()).toBe('errors.tolerance.max.count=2 is used up, 3 of 18 records were bad since the task started')
  })

  it('puts up with none when max.count is 0, or the ratio', () => {
    expect(verdicts(new ToleranceBudget({ ...noCount, maxCount: 0 }), 1)).toEqual([true])
    expect(verdicts(new ToleranceBudget({ ...noCount, maxRatio: 0 }), 1)).toEqual([true])
  })

  it('takes the ratio of a whole window, so that the first records of a task cannot exceed it', () => {
    const budget = new ToleranceBudget({ ...noCount, maxRatio: 0.05, window: 100 })
    expect(verdicts(budget, 5)).not.toContain(true)
    expect(budget.failed()).toBe('errors.tolerance.max.ratio=0.05 of 100 records is used up, 6 of the last 6 were bad')
  })

  it('forgets bad records that have left the window', () => {
    const budget = new ToleranceBudget({ ...noCount, maxRatio: 0.01, window: 100 })
    for (let round = 0; round < 50; round++) {
      expect(budget.failed()).toBeNull()
      budget.succeeded(99)
    }
    budget.failed()
    budget.succeeded(98)
    expect(budget.failed()).toContain('2 of the last 100 were bad')
  })

  it.each([
    [0.29, 100, 29],
    [0.07, 100, 7],
    [0.5, 1, 0],
  ])('allows %f of %i records to be %i', (maxRatio, window, allowed) => {
    expect(verdicts(new ToleranceBudget({ ...noCount, maxRatio, window }), allowed + 1)).toEqual([
      ...Array<boolean>(allowed).fill(false),
      true,
    ])
  })

  it('says the same as counting the last records one by one', () => {
    const runs = fc.array(fc.record({ good: fc.nat(12), bad: fc.nat(3) }), { maxLength: 40 })
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 30 }), (records, window, allowed) => {
        const maxRatio = Math.min(allowed / window, 1)
        const budget = new ToleranceBudget({ ...noCount, maxRatio, window })
        const seen: boolean[] = []
        for (const { good, bad } of records) {
          budget.succeeded(good)
          seen.push(...Array<boolean>(good).fill(false))
          for (let i = 0; i < bad; i++) {
            seen.push(true)
            const badInWindow = seen.slice(-window).filter(Boolean).length
            expect(budget.failed() !== null).toBe(badInWindow > allowed)
          }
        }
      }),
    )
  })
})
