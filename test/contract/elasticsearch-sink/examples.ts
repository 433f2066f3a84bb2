import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { searchServerVariables } from '../../support/services/elasticsearch.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../../..')

export function examples(kafka: string, server: string): void {
  describe('the example in config/', () => {
    it('npm run demo -- elasticsearch --once finds a line of a file in an index, and ends with 0', async () => {
      const args = ['--conditions=standpipe:source', join(root, 'scripts/demo.ts'), 'elasticsearch', '--once']
      const env = { ...process.env, CONNECT_BOOTSTRAP_SERVERS: kafka, [searchServerVariables['elasticsearch-8']]: server }
      const { stdout } = await run(process.execPath, args, { cwd: root, env })
      expect(stdout).toContain(`${server} answers and is used`)
      expect(stdout).toMatch(/connect-test\+0\+\d+ {2}\{"line":"demo\w+ line 1000"\}/)
    })
  })
}
