import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { fileToFile } from '../support/file-to-file.ts'
import { describeWithKafka } from '../support/services/suite.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')

describeWithKafka('a worker inside a program', (address) => {
  it('runs connectors, tells their states, stops, and lets the program end', async () => {
    const { dir, topic, input, output } = await fileToFile(address)
    await writeFile(input, 'one\ntwo\n')
    await mkdir(join(dir, 'node_modules'))
    await symlink(root, join(dir, 'node_modules', 'standpipe'))
    const program = `
      import { readFile } from 'node:fs/promises'
      import { setTimeout as delay } from 'node:timers/promises'
      import { createLogger, silentLogger, Standalone } from 'standpipe'

      const props = {
        'bootstrap.servers': '${address}',
        'key.converter': 'StringConverter',
        'value.converter': 'StringConverter',
        'offset.storage.class': 'MemoryOffsetBackingStore',
      }
      const lines = []
      const log = createLogger({ level: 'info', format: 'text', write: (line) => lines.push(line) })
      const worker = await Standalone.create({ props, log })
      await worker.start()
      await worker.herder.putConnectorConfig('source', { name: 'source', 'connector.class': 'FileStreamSource', file: '${input}', topic: '${topic}' })
      await worker.herder.putConnectorConfig('sink', { name: 'sink', 'connector.class': 'FileStreamSink', file: '${output}', topics: '${topic}' })
      while ((await readFile('${output}', 'utf8').catch(() => '')) !== 'one\\ntwo\\n') await delay(10)
      const states = worker.herder.connectors().map((name) => {
        const { connector, tasks } = worker.herder.connectorStatus(name)
        return [name, connector.state, ...tasks.map(({ state }) => state)].join(' ')
      })
      const invalid = await worker.herder.putConnectorConfig('bad', { name: 'bad', 'connector.class': 'FileStreamSource' }).catch((error) => error.message)
      await worker.stop()
      await Standalone.create({ props: {}, log: silentLogger }).catch((error) => (states.push(error.message)))
      console.log(JSON.stringify({ states, invalid, logged: lines.some((line) => line.includes('[sink|task-0] Task is running')) }))
    `
    await writeFile(join(dir, 'program.mjs'), program)

    const { stdout, stderr } = await run(process.execPath, ['program.mjs'], { cwd: dir })

    expect(stderr).toBe('')
    const told = JSON.parse(stdout) as { states: string[]; invalid: string; logged: boolean }
    expect(told.states).toEqual([
      'source RUNNING RUNNING',
      'sink RUNNING RUNNING',
      'Missing required configuration "bootstrap.servers" which has no default value.',
    ])
    expect(told.invalid).toContain('Missing required configuration "topic" which has no default value.')
    expect(told.logged).toBe(true)
    expect(await readFile(output, 'utf8')).toBe('one\ntwo\n')
  })
})
