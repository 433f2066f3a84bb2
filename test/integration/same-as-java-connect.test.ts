import { readFile, stat, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { fileToFile } from '../support/file-to-file.ts'
import { startConnectJava } from '../support/services/connect-java.ts'
import { kcat } from '../support/services/kcat.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { until, WorkerProcess } from '../support/worker-process.ts'

const input = ['plain', '', 'üé😀 \u2028 \u0001 "quoted" \\ /', ' spaces ', '{"a":1}', 'x'.repeat(5000)].map((line) => `${line}\n`).join('')
const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

/** Every record of a topic: partition, offset, key, value and headers. */
async function contentOf(address: string, topic: string): Promise<string> {
  return (
    await kcat(address, ['-C', '-t', topic, '-e', '-q', '-o', 'beginning', '-f', '%p %o key=%K:%k value=%S:%s headers=%h\n'])
  ).toString()
}

const converters = {
  'JsonConverter with schemas': {},
  'JsonConverter without schemas': { 'key.converter.schemas.enable': 'false', 'value.converter.schemas.enable': 'false' },
  StringConverter: {
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  },
}

describeWithKafka('the same property files under Java Connect 4.3.1 and under ours', (address) => {
  describe.each(Object.entries(converters))('%s', (_name, worker) => {
    it('give the same topic content and the same output file', async () => {
      const ours = await fileToFile(address, { worker })
      const java = await fileToFile(address, { worker })
      await writeFile(ours.input, input)
      await writeFile(java.input, input)

      const process = new WorkerProcess(ours.files)
      await using connect = await startConnectJava({ worker: java.worker, connectors: [java.source, java.sink] })
      await until(async () => (await sizeOf(ours.output)) === Buffer.byteLength(input))
      await until(async () => (await sizeOf(java.output)) === Buffer.byteLength(input))
      await process.stop()
      await connect.stop()

      expect(await contentOf(address, ours.topic)).toBe(await contentOf(address, java.topic))
      expect(await readFile(ours.output)).toEqual(await readFile(java.output))
      expect(await readFile(ours.output, 'utf8')).toBe(input)
    })
  })

  it('give the same with a chain of transformations, headers, predicates and a created topic', async () => {
    const transforms = 'org.apache.kafka.connect.transforms'
    const source = {
      'topic.creation.default.partitions': '1',
      'topic.creation.default.replication.factor': '1',
      transforms: 'hoist,source,key,from,route,header',
      'transforms.hoist.type': `${transforms}.HoistField$Value`,
      'transforms.hoist.field': 'line',
      'transforms.source.type': `${transforms}.InsertField$Value`,
      'transforms.source.static.field': 'source',
      'transforms.source.static.value': 'a file',
      'transforms.key.type': `${transforms}.ValueToKey`,
      'transforms.key.fields': 'line',
      'transforms.from.type': `${transforms}.HeaderFrom$Value`,
      'transforms.from.fields': 'source',
      'transforms.from.headers': 'source',
      'transforms.from.operation': 'copy',
      'transforms.route.type': 'RegexRouter',
      'transforms.route.regex': 'nothing(.*)',
      'transforms.route.replacement': '$1',
      'transforms.header.type': `${transforms}.InsertHeader`,
      'transforms.header.header': 'number',
      'transforms.header.value.literal': '12',
      'transforms.header.predicate': 'ours',
      predicates: 'ours',
      'predicates.ours.type': `${transforms}.predicates.TopicNameMatches`,
      'predicates.ours.pattern': 'lines-.*',
    }
    const ours = await fileToFile(address, { source })
    const java = await fileToFile(address, { source })
    await writeFile(ours.input, input)
    await writeFile(java.input, input)
    const process = new WorkerProcess(ours.files)
    await using connect = await startConnectJava({ worker: java.worker, connectors: [java.source, java.sink] })
    const lines = async (path: string) => (await readFile(path, 'utf8').catch(() => '')).split('\n').length - 1
    await until(async () => (await lines(ours.output)) === 6 && (await lines(java.output)) === 6)
    await process.stop()
    await connect.stop()
    expect(await contentOf(address, ours.topic)).toBe(await contentOf(address, java.topic))
    expect(await readFile(ours.output, 'utf8')).toBe(await readFile(java.output, 'utf8'))
    expect(await readFile(ours.output, 'utf8')).toContain('Struct{line=plain,source=a file}')
  })

  it('continue from each other: a sink group and an output file begun by Java are finished by us', async () => {
    const files = await fileToFile(address)
    await writeFile(files.input, 'one\ntwo\n')
    const java = await startConnectJava({ worker: files.worker, connectors: [files.source, files.sink] })
    await until(async () => (await sizeOf(files.output)) === 8)
    await java.stop()
    await writeFile(files.input, 'one\ntwo\nthree\n')
    const ours = new WorkerProcess(files.files)
    await until(async () => (await sizeOf(files.output)) >= 14)
    await ours.stop()
    expect(await readFile(files.output, 'utf8')).toBe('one\ntwo\nthree\n')
  })
})
