import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileToFile } from '../support/file-to-file.ts'
import { pluginPackage } from '../support/plugin-package.ts'
import { kcat } from '../support/services/kcat.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { propertiesFile, scratchDir, until, WorkerProcess } from '../support/worker-process.ts'

/** What a third party writes, against `standpipe/api` alone: a source, a sink, a converter and a config provider. */
const thirdParty = `
import { appendFile } from 'node:fs/promises'
import { ConfigDef, DataException, RetriableException, SinkRecord, SinkTask, SourceRecord, SourceTask, javaText } from 'standpipe/api'

class CountingTask extends SourceTask {
  version = '1'
  start({ topic, count }) {
    this.topic = topic
    this.count = Number(count)
    const stored = this.context.offsetStorageReader
    this.ready = stored.offset({ counter: 'one' }).then((offset) => (this.next = Number(offset?.next ?? 0)))
  }
  async poll() {
    await this.ready
    if (this.next >= this.count) return new Promise((resolve) => setTimeout(resolve, 50, null))
    const number = this.next++
    const value = 'number ' + number
    return [new SourceRecord({ sourcePartition: { counter: 'one' }, sourceOffset: { next: this.next }, topic: this.topic, value })]
  }
  stop() {}
}
class WritingTask extends SinkTask {
  version = '1'
  refused = false
  start({ file }) { this.file = file }
  async put(records) {
    if (records.length === 0) return
    if (!records.every((record) => record instanceof SinkRecord)) throw new Error('these are no records of this API')
    if (!this.refused) { this.refused = true; throw new RetriableException('not yet') }
    await appendFile(this.file, records.map(({ value }) => javaText(value) + '\\n').join(''))
  }
  stop() {}
}
const string = (name) => ({ [name]: { type: 'string', importance: 'high', doc: name } })
const connector = (kind, taskClass, keys) => class {
  kind = kind
  version = '1'
  taskClass = taskClass
  config() { return new ConfigDef(keys) }
  start(props) { this.props = props }
  taskConfigs() { return [this.props] }
  stop() {}
}
class ShoutingConverter {
  config() { return new ConfigDef({}) }
  configure() {}
  fromConnectData(topic, schema, value) { return value === null ? null : Buffer.from(value.toUpperCase()) }
  toConnectData(topic, bytes) {
    if (bytes?.includes('7')) throw new DataException('no sevens')
    return { schema: null, value: bytes === null ? null : bytes.toString() + '!' }
  }
}
class TemporaryConfigProvider {
  configure({ dir }) { this.dir = dir }
  get(path, keys) { return new Map([...keys].map((key) => [key, this.dir + '/' + path + '.' + key])) }
}
const plugin = (kind, className, Class) => ({ kind, className, version: '1', load: async () => Class })
export const plugins = [
  plugin('source', 'com.example.CountingSourceConnector', connector('source', CountingTask, { ...string('topic'), ...string('count') })),
  plugin('sink', 'com.example.WritingSinkConnector', connector('sink', WritingTask, string('file'))),
  plugin('converter', 'com.example.ShoutingConverter', ShoutingConverter),
  plugin('config_provider', 'com.example.TemporaryConfigProvider', TemporaryConfigProvider),
]
`

const contentOf = (path: string) => readFile(path, 'utf8').catch(() => '')

describeWithKafka('plugins of a third party', (address) => {
  it.each([
    ['a folder of packages', (dir: string) => dir],
    ['the package itself', (dir: string) => join(dir, 'third-party')],
  ])('run in the worker, found by %s: source, sink, converter and config provider', async (_, path) => {
    const dir = await scratchDir()
    await pluginPackage(dir, 'third-party', thirdParty)
    const { topic, worker } = await fileToFile(address, {
      worker: {
        'plugin.path': path(dir),
        'key.converter': 'StringConverter',
        'value.converter': 'com.example.ShoutingConverter',
        'config.providers': 'tmp',
        'config.providers.tmp.class': 'Temporary',
        'config.providers.tmp.param.dir': dir,
      },
    })
    const source = await propertiesFile(dir, 'a.properties', { name: 'a', 'connector.class': 'CountingSource', topic, count: '10' })
    const sink = await propertiesFile(dir, 'b.properties', {
      name: `b-${topic}`,
      'connector.class': 'com.example.WritingSinkConnector',
      topics: topic,
      file: '${tmp:out:txt}',
      'errors.tolerance': 'all',
    })
    const process = new WorkerProcess([worker, source, sink])
    const wanted = [0, 1, 2, 3, 4, 5, 6, 8, 9].map((number) => `NUMBER ${number}!\n`).join('')
    await until(async () => (await contentOf(join(dir, 'out.txt'))) === wanted)
    expect(process.output).toContain('is tried again until it succeeds') // RetriableException of the plugin is the runtime's
    expect(await process.stop()).toBe(143)
    const values = await kcat(address, ['-C', '-t', topic, '-e', '-q', '-o', 'beginning'])
    expect(values.toString()).toMatch(/^NUMBER 0\nNUMBER 1\n/)

    const again = new WorkerProcess([worker, source])
    await again.says('Task is running')
    await again.stop()
    const end = await kcat(address, ['-Q', '-t', `${topic}:0:-1`])
    expect(end.toString()).toContain('offset 10') // its offsets were stored: nothing is sent twice
  })
})

describe('plugin.path', () => {
  const connectorFile = { name: 'a', 'connector.class': 'CountingSource', topic: 't', count: '1' }

  async function outputWith(path: (dir: string) => string, prepare: (dir: string) => Promise<unknown>): Promise<string> {
    const dir = await scratchDir()
    await pluginPackage(dir, 'third-party', thirdParty)
    await prepare(dir)
    const worker = await propertiesFile(dir, 'worker.properties', {
      'bootstrap.servers': '127.0.0.1:1',
      'key.converter': 'StringConverter',
      'value.converter': 'StringConverter',
      'offset.storage.file.filename': join(dir, 'connect.offsets'),
      'plugin.path': path(dir),
      'task.shutdown.graceful.timeout.ms': '100', // its records wait for a broker
    })
    const process = new WorkerProcess([worker, await propertiesFile(dir, 'a.properties', connectorFile)])
    await process.says('Kafka Connect standalone worker started')
    await process.stop()
    return process.output
  }

  it.each([
    ['whose module throws', `throw new Error('cannot be loaded here')`, 'cannot be loaded here'],
    ['whose module is no JavaScript', 'export const plugins = [', 'SyntaxError'],
    ['that exports no list', 'export const plugins = {}', 'it must export an array `plugins`'],
    ['with a kind that does not exist', `export const plugins = [{ kind: 'sauce' }]`, 'plugins[0] has kind sauce; use one of source, sink'],
    ['without a class name', `export const plugins = [{ kind: 'sink' }]`, 'plugins[0] has no className'],
    ['that cannot be loaded', `export const plugins = [{ kind: 'sink', className: 'A' }]`, 'plugins[0] (A) has no function load'],
  ])('a package %s is logged; the others are used', async (_, module, text) => {
    const output = await outputWith(
      (dir) => dir,
      (dir) => pluginPackage(dir, 'bad', module),
    )
    expect(output).toMatch(/ERROR Plugins of .*bad\/plugins\.js could not be loaded/)
    expect(output).toContain(text)
    expect(output).toContain('Created connector a of')
  })

  it('a folder that is not there or holds Java archives is logged; the others are used', async () => {
    const output = await outputWith(
      (dir) => `/nowhere/plugins, ${dir}/java , ${dir}`,
      async (dir) => {
        await mkdir(join(dir, 'java'))
        await writeFile(join(dir, 'java', 'connect-file-4.3.1.jar'), 'PK')
      },
    )
    expect(output).toMatch(/WARN plugin\.path \/nowhere\/plugins cannot be read/)
    expect(output).toMatch(/WARN plugin\.path \S+\/java holds no plugins for standpipe \(Java archives are not used\)/)
    expect(output).toContain('Created connector a of')
  })

  it('a package that brings no standpipe of its own gets the worker’s', async () => {
    const output = await outputWith(
      (dir) => join(dir, 'bare'),
      async (dir) => {
        await mkdir(join(dir, 'bare'))
        await writeFile(join(dir, 'bare', 'package.json'), JSON.stringify({ type: 'module', standpipe: { plugins: './p.js' } }))
        await writeFile(join(dir, 'bare', 'p.js'), thirdParty)
      },
    )
    expect(output).toContain('Created connector a of')
  })
})
