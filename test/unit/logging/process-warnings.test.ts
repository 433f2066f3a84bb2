import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const source = (path: string) => JSON.stringify(join(resolve(import.meta.dirname, '../../../src/logging'), path))

/** Runs a program whose log goes to standard output. */
async function run(program: string, env: Readonly<Record<string, string>> = {}) {
  const start = `
    import { createLogger } from ${source('logger.ts')}
    import { logProcessWarnings } from ${source('process-warnings.ts')}
    logProcessWarnings(createLogger({ level: 'info', format: 'json', write: (line) => process.stdout.write(line) }))
    ${program}`
  return promisify(execFile)(process.execPath, ['--input-type=module', '-e', start], { env: { ...process.env, ...env } })
}

describe('warnings of Node', () => {
  it('are lines of the log with what they say and where they come from, and nothing is written beside it', async () => {
    const { stdout, stderr } = await run("process.emitWarning('11 listeners', 'MaxListenersExceededWarning')")
    const line = JSON.parse(stdout) as { level: string; msg: string; error: { type: string; message: string; stack: string } }
    expect(line).toMatchObject({ level: 'warn', msg: 'Node.js warns', error: { message: '11 listeners' } })
    expect(line.error.stack).toContain('MaxListenersExceededWarning: 11 listeners')
    expect(stderr).toBe('')
  })

  it('that something is experimental are for debugging only', async () => {
    const { stdout, stderr } = await run("process.emitWarning('SQLite is an experimental feature', 'ExperimentalWarning')")
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' })
  })

  it('stay silent for whom they are silenced', async () => {
    const { stdout, stderr } = await run("process.emitWarning('x')", { NODE_NO_WARNINGS: '1' })
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' })
  })
})
