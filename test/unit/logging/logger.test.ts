import { expect, test } from 'vitest'
import { createLogger, type LogFormat } from '../../../src/logging/logger.ts'
import { LaneLogger, writeLaneLine } from '../../../src/runtime/lane-logger.ts'

const CLIENT = '[Producer clientId=connector-producer-local-file-source-0]'

function newLog(format: LogFormat) {
  const lines: string[] = []
  return { lines, log: createLogger({ level: 'info', format, write: (line) => lines.push(line) }) }
}

test('a client of a task says whose it is, behind its task', () => {
  const { log, lines } = newLog('text')
  log.child('[local-file-source|task-0]').child(CLIENT).info('Disconnected')
  expect(lines[0]).toMatch(
    /^\[.{23}\] INFO \[local-file-source\|task-0\] \[Producer clientId=connector-producer-local-file-source-0\] Disconnected\n$/,
  )
})

test('as JSON both are one context', () => {
  const { log, lines } = newLog('json')
  log.child('[local-file-source|task-0]').child(CLIENT).info('Disconnected')
  expect(lines[0]!.match(/"context"/g)).toHaveLength(1)
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'info', context: `[local-file-source|task-0] ${CLIENT}`, msg: 'Disconnected' })
})

test('lines of a lane read the same', () => {
  const { log, lines } = newLog('json')
  const lane = new LaneLogger((line) => writeLaneLine(line, log), 'info')
  lane.child('[local-file-source|task-0]').child(CLIENT).info('Disconnected')
  expect(JSON.parse(lines[0]!)).toMatchObject({ context: `[local-file-source|task-0] ${CLIENT}` })
})

/** As clients throw them: with a cause, and with their state hanging on them. */
function clientError() {
  const error = new TypeError('no answer', { cause: new Error('socket hang up') })
  const meta: Record<string, unknown> = { attempts: 3n, list: Array.from({ length: 1_000 }, () => 0), deep: { a: { b: { c: { d: 1 } } } } }
  meta['self'] = meta
  return Object.assign(error, { code: 'ECONNRESET', meta, again: error })
}

test('an error is told with its causes: the trace below the line', () => {
  const { log, lines } = newLog('text')
  log.error('Task failed', clientError())
  expect(lines[0]).toMatch(
    /^\[.{23}\] ERROR Task failed\nTypeError: no answer\n {4}at [^]+\ncaused by: Error: socket hang up\n {4}at [^]+\n$/,
  )
})

test('as JSON an error is an object, with what else it says of itself', () => {
  const { log, lines } = newLog('json')
  log.error('Task failed', clientError())
  const { error } = JSON.parse(lines[0]!) as { error: Record<string, unknown> }
  expect(error).toMatchObject({ type: 'TypeError', message: 'no answer: socket hang up', code: 'ECONNRESET' })
  expect(error['stack']).toMatch(/^TypeError: no answer\n[^]+\ncaused by: Error: socket hang up\n/)
})

test('what hangs on an error is bounded, and its circles end', () => {
  const { log, lines } = newLog('json')
  log.error('Task failed', clientError())
  const { error } = JSON.parse(lines[0]!) as { error: Record<string, unknown> }
  const zeros = Array.from({ length: 100 }, () => 0)
  expect(error).toMatchObject({
    again: '[Circular]',
    meta: { attempts: '3', list: zeros, deep: { a: { b: { c: '[Object]' } } }, self: '[Circular]' },
  })
})

test('errors of an AggregateError are told each', () => {
  const { log, lines } = newLog('json')
  log.warn('None answered', new AggregateError([new Error('first'), new RangeError('second')], 'all failed'))
  expect(JSON.parse(lines[0]!)).toMatchObject({
    error: { message: 'all failed', aggregateErrors: [{ message: 'first' }, { type: 'RangeError', message: 'second' }] },
  })
})

test.each(['text', 'json'] as const)('what was thrown in the place of an error is told, too (%s)', (format) => {
  const { log, lines } = newLog(format)
  for (const thrown of ['out of luck', null, 5]) log.warn('Not an error', thrown)
  const told = lines.map((line) => (format === 'text' ? line.split('\n')[1] : (JSON.parse(line) as { error: unknown }).error))
  expect(told).toEqual(format === 'text' ? ['out of luck', 'null', '5'] : ['out of luck', null, 5])
})

test('an error that cannot be read does not take its line along', () => {
  const { log, lines } = newLog('json')
  const error = Object.defineProperty(new Error('closed'), 'state', {
    enumerable: true,
    get: () => {
      throw new Error('disposed')
    },
  })
  log.warn('Not closed', error)
  expect(JSON.parse(lines[0]!)).toMatchObject({ msg: 'Not closed', error: 'Error: closed' })
})

test('errors that cause each other end', () => {
  const { log, lines } = newLog('text')
  const first = new Error('first')
  first.cause = new Error('second', { cause: first })
  log.error('Task failed', first)
  expect(lines[0]!.match(/caused by: /g)!.length).toBeLessThan(50)
})

test('lines below the level are not written, of children neither', () => {
  const lines: string[] = []
  const log = createLogger({ level: 'warn', format: 'text', write: (line) => lines.push(line) })
  for (const logger of [log, log.child('[s|task-0]')]) {
    logger.info('left out')
    logger.warn('kept')
  }
  expect(lines.map((line) => line.slice(26))).toEqual(['WARN kept\n', 'WARN [s|task-0] kept\n'])
})

test('a silent logger writes nothing', () => {
  const lines: string[] = []
  createLogger({ level: 'silent', format: 'json', write: (line) => lines.push(line) }).error('left out')
  expect(lines).toEqual([])
})
