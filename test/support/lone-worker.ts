import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Props } from '../../src/api/props.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { Standalone } from '../../src/standalone.ts'
import { PATIENT_STOP } from './file-to-file.ts'
import { scratchDir } from './worker-process.ts'

/** A worker inside the test's process, with a folder of its own; ends with the test. Strings on the way in and out, failed tasks stay failed. */
export async function loneWorker(address: string, props: Props = {}) {
  const dir = await scratchDir()
  const converter = 'org.apache.kafka.connect.storage.StringConverter'
  const worker = await Standalone.create({
    props: {
      'bootstrap.servers': address,
      'key.converter': converter,
      'value.converter': converter,
      'offset.flush.interval.ms': '100',
      'offset.storage.file.filename': join(dir, 'offsets'),
      'task.restart.max.attempts': '0',
      ...PATIENT_STOP,
      ...props,
    },
    log: silentLogger,
  })
  await worker.start()
  onTestFinished(() => worker.stop())
  const { herder } = worker
  return {
    dir,
    worker,
    start: (name: string, config: Props) => herder.putConnectorConfig(name, { name, ...config }),
    task: (name: string) => herder.connectorStatus(name).tasks[0],
  }
}
