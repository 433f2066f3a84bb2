import { describe, expect, it } from 'vitest'
import { similarKey } from '../../../../src/api/config/similar-key.ts'

const known = ['bootstrap.servers', 'plugin.path', 'offset.flush.interval.ms', 'linger.ms', 'key.converter']

describe('similarKey', () => {
  it.each([
    ['bootstrap.server', 'bootstrap.servers'],
    ['boostrap.servers', 'bootstrap.servers'],
    ['plugin_path', 'plugin.path'],
    ['offset.flush.interval', 'offset.flush.interval.ms'],
    ['converter.key', 'key.converter'],
    ['ms.linger', 'linger.ms'],
    ['something.else', null],
    ['x', null],
  ])('%s was meant to be %s', (unknown, meant) => {
    expect(similarKey(unknown, known)).toBe(meant)
  })
})
