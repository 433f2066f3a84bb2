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
