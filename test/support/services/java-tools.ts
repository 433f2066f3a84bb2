import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { kafkaJars } from './kafka-jars.ts'
import { log4jOption } from './log4j.ts'

/**
 * Runs one of Apache Kafka's own command line tools to its end.
 * @param mainClass such as `org.apache.kafka.tools.TopicCommand` or `org.apache.kafka.tools.consumer.ConsoleConsumer`
 * @returns what it wrote to standard output
 * @throws Error with all it wrote when its exit code is not 0
 */
export async function javaTool(mainClass: string, args: readonly string[], input: string | Buffer = ''): Promise<string> {
  const { classPath } = await kafkaJars()
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-tool-'))
  try {
    const logging = await log4jOption(dir, 'WARN')
    const child = spawn('java', ['-XX:TieredStopAtLevel=1', '-Xmx256m', logging, '-cp', classPath, mainClass, ...args])
    child.stdin.on('error', () => undefined).end(input) // a tool that reads no input closes the pipe
    const ended = once(child, 'close') as Promise<[number | null]>
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    if (code !== 0) throw new Error(`${mainClass} ${args.join(' ')} ended with ${String(code)}:\n${output}${errors}`)
    return output
  } finally {
    await rm(dir, { recursive: true })
  }
}
