import { appendFile, copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { FileOffsetBackingStore } from '../../src/offsets/file-offset-backing-store.ts'
import { writeJavaOffsetFile } from '../../src/offsets/java-offset-file.ts'
import { OffsetStorageWriter } from '../../src/offsets/offset-storage-writer.ts'
import { StoreOffsetStorageReader } from '../../src/offsets/offset-storage-reader.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { scratchFolder } from '../support/file-stream.ts'
import { PATIENT_STOP } from '../support/file-to-file.ts'
import { startConnectJava } from '../support/services/connect-java.ts'
import { kcatOrNothing } from '../support/services/kcat.ts'
import { describeWithKafka } from '../support/services/suite.ts'

describeWithKafka('offsets go to Java Connect and back', (address) => {
  it('Java Connect continues where our exported offsets end, and we import what it stored', async () => {
    const folder = await scratchFolder()
    const [input, exported, name] = [join(folder, 'in.txt'), join(folder, 'java.offsets'), `export-${Date.now()}`]
    await writeFile(input, 'one\ntwo\nthree\nfour\n')
    await writeFile(exported, writeJavaOffsetFile(await offsetsAt(join(folder, 'ours.offsets'), name, input, 'one\ntwo\n'.length)))
    const connector = await sourceConnectorFile(folder, name, input)
    const worker = await workerFile(folder, address, exported)

    const java = await startConnectJava({ worker, connectors: [connector] })
    onTestFinished(() => java.stop())
    await appendFile(input, 'five\n')
    await expect.poll(() => linesInTopic(address, name), { timeout: 60_000, interval: 500 }).toEqual(['three', 'four', 'five'])
    await java.stop()

    await copyFile(exported, join(folder, 'imported.offsets'))
    const store = await openStore(join(folder, 'imported.offsets'))
    const reader = new StoreOffsetStorageReader(store, name, new CollectingLogger())
    expect(await reader.offset({ filename: input })).toEqual({ position: (await readFile(input)).length })
  })
})

async function openStore(file: string): Promise<FileOffsetBackingStore> {
  const store = new FileOffsetBackingStore(file, new CollectingLogger())
  onTestFinished(() => store.stop())
  await store.start()
  return store
}

async function offsetsAt(file: string, connector: string, filename: string, position: number) {
  const store = await openStore(file)
  const writer = new OffsetStorageWriter(store, connector)
  writer.offset({ filename }, { position, fileKey: '1-2' })
  writer.beginFlush()
  await writer.doFlush()
  return store.entries()
}

async function sourceConnectorFile(folder: string, name: string, input: string): Promise<string> {
  const file = join(folder, 'source.properties')
  const lines = [`name=${name}`, 'connector.class=FileStreamSource', 'tasks.max=1', `file=${input}`, `topic=${name}`]
  await writeFile(file, lines.join('\n'))
  return file
}

async function workerFile(folder: string, address: string, offsets: string): Promise<string> {
  const file = join(folder, 'worker.properties')
  const converter = 'org.apache.kafka.connect.storage.StringConverter'
  const lines = [
    `bootstrap.servers=${address}`,
    `key.converter=${converter}`,
    `value.converter=${converter}`,
    `offset.storage.file.filename=${offsets}`,
  ]
  const patience = Object.entries(PATIENT_STOP).map(([key, value]) => `${key}=${value}`)
  await writeFile(file, [...lines, ...patience, 'offset.flush.interval.ms=1000'].join('\n'))
  return file
}

/** Empty as long as there is no such topic. */
async function linesInTopic(address: string, topic: string): Promise<string[]> {
  const output = await kcatOrNothing(address, ['-C', '-t', topic, '-o', 'beginning', '-e', '-q'])
  return output.trimEnd().split('\n')
}
