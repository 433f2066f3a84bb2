/**
 * Puts a batch into a file that may not grow as far, then puts it again when it may: `FILE`, started with a soft limit of file size.
 */
import { execFileSync } from 'node:child_process'
import { FileStreamSinkTask } from '../../connectors/file/file-stream-sink-task.ts'
import { CollectingLogger } from './fakes/collecting-logger.ts'
import { sinkRecords } from './sink-records.ts'

const [file = ''] = process.argv.slice(2)
const batch = (from: number, to: number) =>
  sinkRecords(
    Array.from({ length: to - from }, (_, index) => `line ${from + index} ${'x'.repeat(90)}`),
    from,
  )

const task = new FileStreamSinkTask()
task.initialize({ log: new CollectingLogger() } as never)
await task.start({ file })
await task.put(batch(0, 500))
const message = await task.put(batch(500, 1000)).then(
  () => 'no error',
  (error: unknown) => (error as Error).message,
)
process.stdout.write(message)
execFileSync('prlimit', [`--pid=${process.pid}`, '--fsize=unlimited'])
await task.put(batch(500, 1000))
await task.put(batch(1000, 1500))
await task.stop()
