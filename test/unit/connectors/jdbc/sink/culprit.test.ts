import { describe, expect, it } from 'vitest'
import { SqlException } from '../../../../../connectors/jdbc/dialect/sql-exception.ts'
import { StatementFault } from '../../../../../connectors/jdbc/sink/write/batch-transaction.ts'
import { culpritOf } from '../../../../../connectors/jdbc/sink/write/culprit.ts'
import { row, struct } from '../../../../support/jdbc/records.ts'

const schema = struct({ id: 'int32' })
const records = Array.from({ length: 100 }, (_, id) => row(schema, { id }, { offset: id }))

function refusing(bad: readonly number[], sqlState = '23505') {
  let attempts = 0
  const attempt = (part: typeof records) => {
    attempts++
    const found = bad.find((offset) => offset < part.length)
    return found === undefined ? Promise.resolve() : Promise.reject(new StatementFault(new SqlException(`no ${found}`, sqlState), null))
  }
  return { attempt: (part: readonly (typeof records)[number][]) => attempt([...part]), attempts: () => attempts }
}

describe('the record at fault', () => {
  it.for([0, 1, 50, 98, 99])('is number %s, found by halving', async (offset) => {
    const { attempt, attempts } = refusing([offset])
    const culprit = await culpritOf(records, attempt)
    expect([culprit?.record.kafkaOffset, culprit?.exception.message]).toEqual([offset, `no ${offset}`])
    expect(attempts()).toBeLessThanOrEqual(8)
  })

  it('is the first of several', async () => {
    expect((await culpritOf(records, refusing([70, 20, 90].toSorted((a, b) => a - b)).attempt))?.record.kafkaOffset).toBe(20)
  })

  it('is none when all can be written now', async () => {
    expect(await culpritOf(records, refusing([]).attempt)).toBeNull()
  })

  it('is not looked for while the server is out', async () => {
    await expect(culpritOf(records, refusing([5], '57P01').attempt)).rejects.toThrow('no 5')
  })
})
