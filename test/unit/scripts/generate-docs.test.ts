import { describe, expect, it } from 'vitest'
import { withTables } from '../../../scripts/generate-docs.ts'

const marked = (name: string) => `before\n<!-- generated:${name} -->\nstale\n<!-- /generated:${name} -->\nafter\n`

describe('generated tables', () => {
  it('replace what stands between the marks, and are the same when written again', () => {
    const once = withTables(marked('file-source-keys'), 'a.md')
    expect(once).toContain('| `topic` | string | **required** | Topic the lines are written to. |')
    expect(once).not.toContain('stale')
    expect(withTables(once, 'a.md')).toBe(once)
  })

  it('of a class that resembles another say what differs, and what is missing', () => {
    const table = withTables(marked('jdbc-sink-aiven-keys'), 'a.md')
    expect(table).toContain('| `table.name.normalize` | boolean | `false` |')
    expect(table).not.toContain('`auto.create`')
    expect(table).toMatch(/Not known to it: .*`table\.types`.*\./)
  })

  it('show no default of a password', () => {
    expect(withTables(marked('jdbc-source-keys'), 'a.md')).toContain('| `query.masked` | password |  |')
  })

  it.each([
    ['no marks', 'a.md has no marks such as'],
    [marked('nope'), 'a.md: generated:nope is not known'],
    ['<!-- generated:worker-keys -->', 'has no <!-- /generated:worker-keys --> after it'],
  ])('refuse %s', (text, message) => {
    expect(() => withTables(text, 'a.md')).toThrow(message)
  })
})
