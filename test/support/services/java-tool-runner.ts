import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { kafkaJars } from './kafka-jars.ts'
import { log4jOption } from './log4j.ts'

const ANSWER = '\u0001'

export interface ToolResult {
  readonly code: number
  readonly output: string
  readonly errors: string
}

interface Waiting {
  readonly resolve: (result: ToolResult) => void
  readonly reject: (error: Error) => void
}

/** Kafka's own command line tools, all in one JVM: see kafka/ToolRunner.java. One at a time. */
export class JavaToolRunner {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #dir: string
  #waiting: Waiting | null = null
  /** What the JVM said beside the answers, for the error when it ends. */
  #said = ''

  static async start(): Promise<JavaToolRunner> {
    const { classPath } = await kafkaJars()
    const dir = await mkdtemp(join(tmpdir(), 'standpipe-tools-'))
    const program = join(import.meta.dirname, 'kafka', 'ToolRunner.java')
    const options = [
      '--add-opens=java.base/java.lang=ALL-UNNAMED',
      '-XX:TieredStopAtLevel=1',
      '-Xmx512m',
      await log4jOption(dir, 'WARN'),
      '-cp',
      classPath,
    ]
    return new JavaToolRunner(spawn('java', [...options, program]), dir)
  }

  private constructor(child: ChildProcessWithoutNullStreams, dir: string) {
    this.#child = child
    this.#dir = dir
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#said += text))
    child.stdin.on('error', () => undefined) // 'close' follows
    child.on('close', () => this.#settle()?.reject(new Error(`The JVM of Kafka's tools has ended: ${this.#said}`)))
  }

  /** @param mainClass such as `org.apache.kafka.tools.TopicCommand` */
  async run(mainClass: string, args: readonly string[], input = ''): Promise<ToolResult> {
    if (this.#waiting !== null) throw new Error('Another tool is running')
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#child.stdin.write(JSON.stringify({ tool: mainClass, args, input }) + '\n')
    })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const closed = once(this.#child, 'close')
      this.#child.kill('SIGKILL') // it has nothing to lose
      await closed
    }
    await rm(this.#dir, { recursive: true, force: true })
  }

  #take(line: string): void {
    if (line.startsWith(ANSWER)) this.#settle()?.resolve(JSON.parse(line.slice(1)) as ToolResult)
    else this.#said += `${line}\n`
  }

  #settle(): Waiting | null {
    const waiting = this.#waiting
    this.#waiting = null
    return waiting
  }
}
