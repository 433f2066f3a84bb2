import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import Connection from 'kafkajs/src/network/connection.js'
import { describe, expect, test } from 'vitest'
import { checkKafkajs } from '../../src/kafka/kafkajs/shape.ts'

/**
 * The transport uses kafkajs from the inside (src/kafka/kafkajs/kafkajs-internals.d.ts). These tests say which kafkajs that is;
 * what its members do is shown by test/unit/kafka/kafkajs on real sockets.
 */
describe('kafkajs is the one that was read', () => {
  test('version and members are as expected', () => {
    expect(() => checkKafkajs()).not.toThrow()
  })

  test('another version is refused, by name', () => {
    expect(() => checkKafkajs('2.2.5')).toThrow('standpipe needs kafkajs 2.2.4 exactly, but version is 2.2.5')
  })

  test('a missing member is refused, by name', () => {
    class Other extends Connection {}
    Object.defineProperty(Other.prototype, 'nextCorrelationId', { value: undefined })
    expect(() => checkKafkajs('2.2.4', Other)).toThrow('Connection.nextCorrelationId is missing')
  })

  test('its sources are not patched', () => {
    const root = dirname(createRequire(import.meta.url).resolve('kafkajs/package.json'))
    const hash = createHash('sha256')
    for (const file of globSync('src/**/*.js', { cwd: root }).sort()) hash.update(file).update(readFileSync(join(root, file)))
    expect(hash.digest('hex')).toBe('06e0d925f6cf042412f0dd4e99cfe8d0608ef10e2f1fb06da1851854c6ee5d6e')
  })
})
