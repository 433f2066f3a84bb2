import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { RequestGate, type RequestResult } from '../../../../../connectors/elasticsearch/bulk/request-gate.ts'

const { signal } = new AbortController()

async function entered(gate: RequestGate, count: number): Promise<number[]> {
  const starts: number[] = []
  for (let index = 0; index < count; index++) {
    await gate.enter(1, signal)
    starts.push(performance.now())
  }
  return starts
}

function leave(gate: RequestGate, starts: readonly number[], result: RequestResult): void {
  for (const start of starts) gate.left(result, start)
}

/** Whether the promise is settled already. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return await Promise.race([promise.then(() => true), delay(5).then(() => false)])
}

describe('the gate that requests go through', () => {
  it('#72 lets as many go at a time as max.in.flight.requests says', async () => {
    const gate = new RequestGate(2)
    const starts = await entered(gate, 2)
    const third = gate.enter(1, signal)
    expect(await isSettled(third)).toBe(false)
    leave(gate, starts.slice(0, 1), 'accepted')
    await third
  })

  it('halves that number when the server is overloaded, once for what was under way together', async () => {
    const gate = new RequestGate(8)
    leave(gate, await entered(gate, 8), 'overloaded')
    expect(gate.limit).toBe(4)
    leave(gate, await entered(gate, 4), 'failed')
    expect(gate.limit).toBe(2)
  })

  it('never lets fewer than two go, so that one without an answer does not hold up all', async () => {
    const gate = new RequestGate(8)
    for (let round = 0; round < 5; round++) leave(gate, await entered(gate, 1), 'failed')
    expect(gate.limit).toBe(2)
    const single = new RequestGate(1)
    leave(single, await entered(single, 1), 'failed')
    expect(single.limit).toBe(1)
  })

  it('lets one more go after two rounds that were taken, up to where it began', async () => {
    const gate = new RequestGate(3)
    leave(gate, await entered(gate, 3), 'overloaded')
    expect(gate.limit).toBe(2)
    for (let round = 0; round < 2; round++) leave(gate, await entered(gate, 2), 'accepted')
    expect(gate.limit).toBe(3)
    for (let round = 0; round < 10; round++) leave(gate, await entered(gate, 3), 'accepted')
    expect(gate.limit).toBe(3)
  })

  it('tells whether one more would go at once, and whether it makes sense to have one more wait', async () => {
    const gate = new RequestGate(4)
    leave(gate, await entered(gate, 4), 'overloaded')
    const starts = await entered(gate, 2)
    expect([gate.isOpen, gate.hasRoom]).toEqual([false, true])
    void gate.enter(1, signal)
    void gate.enter(1, signal)
    expect(gate.hasRoom).toBe(false)
    leave(gate, starts, 'refused')
    gate.closeFor(60_000)
    expect(gate.isOpen).toBe(false)
  })

  it('does not hold a request that was wrong against the server', async () => {
    const gate = new RequestGate(4)
    leave(gate, await entered(gate, 4), 'refused')
    expect(gate.limit).toBe(4)
  })

  it('lets retries go before new requests', async () => {
    const gate = new RequestGate(1)
    const starts = await entered(gate, 1)
    const order: string[] = []
    const fresh = gate.enter(1, signal).then(() => order.push('new'))
    const again = gate.enter(2, signal).then(() => order.push('again'))
    leave(gate, starts, 'refused')
    await again
    expect(order).toEqual(['again'])
    gate.left('refused', performance.now())
    await fresh
  })

  it('stays closed for as long as asked, or until a request is taken', async () => {
    const gate = new RequestGate(2)
    const starts = await entered(gate, 1)
    gate.closeFor(60_000)
    leave(gate, starts, 'accepted')
    await gate.enter(1, signal)
  })

  it('#64 keeps to what the server asked for, whatever else is taken', async () => {
    const gate = new RequestGate(2)
    const starts = await entered(gate, 1)
    gate.holdFor(60_000)
    leave(gate, starts, 'accepted')
    const abort = new AbortController()
    const waiting = gate.enter(1, abort.signal)
    expect(await isSettled(waiting)).toBe(false)
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('gives the place of who gives up to the next', async () => {
    const gate = new RequestGate(1)
    gate.closeFor(60_000)
    const abort = new AbortController()
    const first = gate.enter(1, abort.signal)
    const second = gate.enter(1, abort.signal)
    abort.abort()
    await expect(first).rejects.toMatchObject({ name: 'AbortError' })
    await expect(second).rejects.toMatchObject({ name: 'AbortError' })
  })
})
