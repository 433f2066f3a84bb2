import { describe, expect, it } from 'vitest'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { ProducerIds } from '../../../../src/broker/transaction/producer-ids.ts'
import { KeptState } from '../../../support/broker/kept-state.ts'

describe('producer ids', () => {
  it('are given once, through many blocks', async () => {
    const store = new KeptState()
    const ids = new ProducerIds(store)
    const given = await Promise.all(Array.from({ length: 2500 }, () => ids.next()))
    expect(new Set(given).size).toBe(2500)
    expect(given[0]).toBe(0)
    expect(store.writes).toEqual([1000, 2000, 3000].map((end) => ['producer-ids', 'claimed', end]))
  })

  it('are not given again after a start', async () => {
    const store = new KeptState()
    const before = await new ProducerIds(store).next()
    expect(await new ProducerIds(store.reopen()).next()).toBeGreaterThan(before)
  })

  it('are refused while they cannot be written down, and given afterwards', async () => {
    const store = new KeptState()
    const ids = new ProducerIds(store)
    store.failure = new Error('disk full')
    await expect(ids.next()).rejects.toMatchObject({ error: Errors.COORDINATOR_LOAD_IN_PROGRESS })
    store.failure = null
    expect(await ids.next()).toBe(0)
  })
})
