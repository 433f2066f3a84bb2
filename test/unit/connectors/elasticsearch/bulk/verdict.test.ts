import { describe, expect, it } from 'vitest'
import { verdictOn, type RequestFacts, type Verdict } from '../../../../../connectors/elasticsearch/bulk/verdict.ts'
import { RequestFailure, type RequestFailureKind } from '../../../../../connectors/elasticsearch/client/request-failure.ts'

const facts: RequestFacts = { count: 10, bytes: 1_000_000, largestAccepted: 0, attempts: 1, inVain: 1, unanswered: 0, maxRetries: 2 }
const failure = (status: number, kind: RequestFailureKind = 'status') => new RequestFailure({ kind, status, message: 'no', javaText: 'no' })
const verdict = (status: number, changes: Partial<RequestFacts> = {}): Verdict => verdictOn(failure(status), { ...facts, ...changes })

describe('what is done about a bulk request that failed', () => {
  it.for([408, 429, 500, 502, 503, 504])('%i: again, until max.retries is over', (status) => {
    expect(verdict(status, { attempts: 2 })).toBe('again')
    expect(verdict(status, { attempts: 3 })).toBe('fail')
    expect(verdict(status, { attempts: 1000, maxRetries: Number.POSITIVE_INFINITY })).toBe('again')
  })

  it.for(['unreachable', 'disconnected', 'timeout', 'unreadable'] as const)('%s: again', (kind) => {
    expect(verdictOn(failure(0, kind), facts)).toBe('again')
    expect(verdictOn(failure(0, kind), { ...facts, attempts: 3 })).toBe('fail')
  })

  it('#65 401: once more, for credentials that are being replaced', () => {
    expect(verdict(401)).toBe('again')
    expect(verdict(401, { attempts: 2, maxRetries: 100 })).toBe('fail')
  })

  it.for([403, 404, 405, 301])('%i: fails at once', (status) => {
    expect(verdict(status)).toBe('fail')
  })

  it('#66 413: split', () => {
    expect(verdict(413)).toBe('split')
  })

  it('#67 413 for one document: a second chance, then the document is to blame', () => {
    expect(verdict(413, { count: 1 })).toBe('again')
    expect(verdict(413, { count: 1, attempts: 2 })).toBe('alone')
  })

  it('413 for a size that was taken before passes, unless it comes again', () => {
    expect(verdict(413, { largestAccepted: 2_000_000 })).toBe('again')
    expect(verdict(413, { largestAccepted: 2_000_000, attempts: 2, inVain: 2 })).toBe('split')
    expect(verdict(413, { count: 1, attempts: 2, largestAccepted: 2_000_000, maxRetries: 100 })).toBe('again')
  })

  it('400: looks for the operation that is wrong', () => {
    expect(verdict(400)).toBe('split')
    expect(verdict(400, { count: 1 })).toBe('alone')
  })

  it('a large request that keeps being left without an answer: split', () => {
    const often = { ...facts, attempts: 3, unanswered: 3, maxRetries: 100 }
    expect(verdictOn(failure(0, 'disconnected'), often)).toBe('split')
    expect(verdictOn(failure(0, 'disconnected'), { ...often, bytes: 1000 })).toBe('again')
    expect(verdictOn(failure(0, 'disconnected'), { ...often, count: 1 })).toBe('again')
  })
})
