import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { requireProgram } from './download.ts'
import { orSkipTest } from './or-skip-test.ts'

let isThere: Promise<void> | null = null

/** Skips the current test where kcat is not installed. */
export async function kcatOrSkip(): Promise<void> {
  await orSkipTest(() => (isThere ??= requireProgram('This test', 'kcat', ['-V'], 'kcat')))
}

/**
 * Runs kcat, a second client (librdkafka), to its end.
 * @returns what it wrote to standard output
 * @throws Error with its standard error when it fails
 */
export async function kcat(address: string, args: readonly string[], input: string | Buffer = ''): Promise<Buffer> {
  await kcatOrSkip()
  const child = spawn('kcat', ['-b', address, '-m', '30', ...args]) // seconds for metadata, in place of 5
  child.stdin.on('error', () => undefined).end(input) // one that reads no input closes the pipe
  const ended = once(child, 'close') as Promise<[number | null]>
  const [output, errors, [code]] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended])
  if (code !== 0) throw new Error(`kcat ${args.join(' ')} ended with ${String(code)}: ${errors.toString()}`)
  return output
}

/** What kcat reads, for tests that look until it is there: nothing as long as kcat fails, since there is no such topic yet. */
export async function kcatOrNothing(address: string, args: readonly string[]): Promise<string> {
  await kcatOrSkip() // outside the catch, which would take a missing program for a missing topic
  return (await kcat(address, args).catch(() => '')).toString()
}

/** End offset of each named partition. */
export async function endOffsets(address: string, topic: string, partitions: readonly number[] = [0]): Promise<number[]> {
  const query = partitions.flatMap((partition) => ['-t', `${topic}:${partition}:-1`])
  const answer = (await kcat(address, ['-Q', ...query])).toString()
  const found = new Map([...answer.matchAll(/\[(\d+)\] offset (\d+)/g)].map((match) => [Number(match[1]), Number(match[2])]))
  return partitions.map((partition) => found.get(partition) ?? 0)
}
