/**
 * Holds or writes an offset file from a process of its own, to be killed: `FILE`, `FILE write`, `FILE until-full`, `FILE as-nobody`.
 * Tells its parent each position that is committed, or what went wrong.
 */
import { FileOffsetBackingStore } from '../../src/offsets/file-offset-backing-store.ts'
import { CollectingLogger } from './fakes/collecting-logger.ts'

const [file = '', mode = 'hold'] = process.argv.slice(2)
const key = Buffer.from('["a",{"filename":"x"}]')
const store = new FileOffsetBackingStore(file, new CollectingLogger())
if (mode === 'as-nobody' && process.getuid?.() === 0) process.setuid?.(65534)
const failure = await store.start().then(
  () => null,
  (error: unknown) => (error as Error).message,
)
if (failure !== null) process.send?.(failure)
const write = (position: number, padding = '') =>
  store.set([{ key, value: Buffer.from(`{"position":${position},"padding":"${padding}"}`) }])

if (mode === 'hold') {
  process.send?.(0)
  setInterval(() => undefined, 1000)
} else if (mode === 'write') {
  const [value] = await store.get([key])
  const start = value === null || value === undefined ? 0 : (JSON.parse(value.toString()) as { position: number }).position
  for (let position = start + 1; ; position++) {
    await write(position)
    process.send?.(position)
  }
} else if (mode === 'until-full') {
  const errors: string[] = []
  let position = 1
  while (errors.length === 0) await write(++position, 'x'.repeat(4000)).catch((error: unknown) => errors.push((error as Error).message))
  await write(position)
  process.stdout.write(JSON.stringify({ error: errors[0], position }))
  await store.stop()
}
