import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileToFile } from '../support/file-to-file.ts'
import { pluginPackage } from '../support/plugin-package.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { propertiesFile, scratchDir, until, WorkerProcess } from '../support/worker-process.ts'

const started = 'Kafka Connect standalone worker started'

/** Connectors that fail in every way a third party's may. */
const failingConnectors = `
import { ConfigDef, SourceTask } from 'standpipe/api'

class IdleTask extends SourceTask {
  version = '1'
  start() {}
  stop() {}
  poll() { return new Promise((resolve) => setTimeout(resolve, 20, null)) }
}
class FailingConnector {
  kind = 'source'
  version = '1'
  taskClass = IdleTask
  config() { return new ConfigDef({}) }
  start({ mode }) { if ((this.mode = mode) === 'start') throw new Error('the other side said no') }
  taskConfigs(max) {
    if (this.mode === 'taskConfigs') throw new Error('cannot split the work')
    return Array(this.mode === 'many' ? max + 1 : max).fill({})
  }
  stop() {}
}
export const plugins = [{ kind: 'source', className: 'test.FailingConnector', version: '1', load: async () => FailingConnector }]
`

/**
 * A worker that needs no broker, with connector files of these contents.
 * @param enough what it has said when it is stopped; tasks run by themselves and may be later than the worker's own start
 * @returns what it said until it was stopped
 */
async function outputFor(
  contents: Readonly<Record<string, string>>,
  extra: Readonly<Record<string, string>> = {},
  enough = started,
): Promise<{ output: string; dir: string }> {
  const dir = await scratchDir()
  const worker = await propertiesFile(dir, 'worker.properties', {
    'bootstrap.servers': '127.0.0.1:1',
    'key.converter': 'StringConverter',
    'value.converter': 'StringConverter',
    'offset.storage.file.filename': join(dir, 'connect.offsets'),
    'plugin.path': await pluginPackage(dir, 'failing', failingConnectors),
    ...extra,
  })
  const files = Object.keys(contents).map((name) => join(dir, name))
  for (const [name, text] of Object.entries(contents)) if (text !== '(absent)') await writeFile(join(dir, name), text)
  const process = new WorkerProcess([worker, ...files])
  await process.says(started)
  await process.says(enough)
  expect(await process.stop()).toBe(143)
  return { output: process.output, dir }
}

const source = (name: string) => `name=${name}\nconnector.class=FileStreamSource\nfile=/nowhere/in.txt\ntopic=t\n`
const failing = (mode: string) => `name=failing\nconnector.class=test.FailingConnector\ntasks.max=2\nmode=${mode}\n`

describeWithKafka('connect-standalone with one bad connector file of three', (address) => {
  it('runs the two others', async () => {
    const { files, dir, input, output } = await fileToFile(address)
    await writeFile(input, 'one\n')
    const bad = await propertiesFile(dir, 'bad.properties', { name: 'bad', 'connector.class': 'FileStreamSink', 'tasks.max': 'two' })
    const [worker, sourceFile, sinkFile] = files as [string, string, string]
    const process = new WorkerProcess([worker, sourceFile, bad, sinkFile])
    await until(async () => (await readFile(output, 'utf8').catch(() => '')) === 'one\n')
    expect(process.output).toContain(
      `Failed to create connector for ${bad}; other connectors are not affected. Its configuration has 4 error(s):`,
    )
    expect(process.output).toContain(`Invalid value two for configuration tasks.max: Not a number of type INT (${bad}, line 3)`)
    expect(process.output).toContain('Must configure one of topics or topics.regex')
    expect(await process.stop()).toBe(143)
  })
})

describe('a connector file that cannot be used', () => {
  it.each([
    [
      'has no name',
      'connector.class=FileStreamSource\n',
      /bad\.properties' is missing the mandatory 'name' configuration\. Add a line name=/,
    ],
    ['is empty', '', /is missing the mandatory 'name' configuration/],
    [
      'is not there',
      '(absent)',
      /Connector configuration at '.*bad\.properties' cannot be read: ENOENT.*Check the path and its permissions/,
    ],
    ['has no class', 'name=bad\ntopic=t\n', /Connector config \{name=bad, topic=t\} contains no connector type/],
    [
      'names an unknown class',
      'name=bad\nconnector.class=io.example.FancySink\n',
      /Failed to find any class that implements Connector and which name matches io\.example\.FancySink, available connectors are: org\.apache\.kafka\.connect\.file\.FileStreamSinkConnector, .*FileStreamSourceConnector/,
    ],
    ['has a malformed \\u', 'name=bad\nconnector.class=\\u00G1\n', /Malformed \\uxxxx encoding.*bad\.properties, line 2/],
    ['is JSON with an array', '{"name":"bad","topics":["a","b"]}', /nested values but no "config" object/],
    ['is a create request under two names', '{"name":"a","config":{"name":"b"}}', /doesn't match the one specified in 'name'/],
    [
      'has a null',
      '{"name":"bad","connector.class":"FileStreamSource","topic":"t","file":null}',
      /Non-string value found in original settings for key file: null/,
    ],
    [
      'names an unknown transformation',
      `${source('bad')}transforms=a\ntransforms.a.type=io.example.Rename\n`,
      /transforms\.a\.type.*io\.example\.Rename|io\.example\.Rename.*transforms\.a\.type/,
    ],
  ])('that %s is named with what is wrong, and the next one is created', async (_, bad, text) => {
    const { output, dir } = await outputFor({ 'bad.properties': bad, 'good.properties': source('good') })
    expect(output).toMatch(text)
    expect(output).toContain(`Failed to create connector for ${join(dir, 'bad.properties')}; other connectors are not affected`)
    expect(output).toContain('Created connector good')
  })

  it('with a name that is taken is refused; the first one of that name runs', async () => {
    const { output, dir } = await outputFor({ 'one.properties': source('same'), 'two.properties': source('same') })
    expect(output).toContain(`Created connector same of ${join(dir, 'one.properties')}`)
    expect(output).toContain(`Failed to create connector for ${join(dir, 'two.properties')}`)
    expect(output).toContain('Connector same already exists')
  })

  it.each([
    ['whose start throws', 'start', 'the other side said no'],
    ['that cannot say what its tasks are', 'taskConfigs', 'cannot split the work'],
    [
      'that wants more tasks than tasks.max',
      'many',
      'The connector failing has generated 3 tasks, which is greater than 2, the maximum number of tasks it is configured to create.',
    ],
  ])('a connector %s is not created, and runs no task', async (_, mode, text) => {
    const { output, dir } = await outputFor({ 'failing.properties': failing(mode), 'good.properties': source('good') })
    expect(output).toContain(text)
    expect(output).toContain('ERROR [failing|worker] Connector failed')
    expect(output).toContain(`Failed to create connector for ${join(dir, 'failing.properties')}`)
    expect(output).not.toContain('[failing|task-')
    expect(output).toContain('Created connector good')
  })
})

describe('forms of connector files', () => {
  it.each([
    [
      'a flat JSON object with a number',
      '{"name":"c","connector.class":"FileStreamSource","topic":"t","tasks.max":1,"file":"/nowhere/in"}',
    ],
    [
      'the answer of GET /connectors/c',
      '{"name":"c","config":{"connector.class":"FileStreamSource","topic":"t","file":"/x"},"tasks":[],"type":"source"}',
    ],
    ['properties', source('c')],
  ])('%s creates a running connector, whatever the file is called', async (_, text) => {
    const { output } = await outputFor({ 'connector.txt': text }, {}, '[c|task-0] Task is running')
    expect(output).toContain('Created connector c of')
  })

  it.each(['PAUSED', 'stopped'])('a create request with initial_state %s creates a connector that runs no task', async (state) => {
    const config = { 'connector.class': 'FileStreamSource', topic: 't', file: '/nowhere/in' }
    const { output } = await outputFor({ 'c.json': JSON.stringify({ name: 'c', config, initial_state: state }) })
    expect(output).toContain('Created connector c of')
    expect(output).not.toContain('[c|task-0]')
  })
})

describe('keys that have no effect', () => {
  it('are named once, with the key that was probably meant and the line of advice', async () => {
    const worker = { 'offset.flush.interval': '10', acks: 'all', 'group.id': 'x' }
    const { output } = await outputFor({ 'c.properties': `${source('c')}topics.max=3\n` }, worker)
    expect(output).toMatch(
      /WARN The worker does not know the key offset\.flush\.interval, which has no effect.*Did you mean offset\.flush\.interval\.ms/,
    )
    expect(output).toMatch(/WARN The worker does not know the key acks, which has no effect: set producer\.acks/)
    expect(output).toMatch(/INFO The worker does not use group\.id: it is a key of distributed workers/)
    expect(output.match(/does not know the key topics\.max/g)).toHaveLength(1)
  })
})
