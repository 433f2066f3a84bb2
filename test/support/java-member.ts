import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { kafkaJars } from './services/kafka-jars.ts'

export interface JavaMemberOptions {
  readonly bootstrapServers: string
  readonly group: string
  readonly topic: string
  /** Class names of assignors, in order of preference. Default: Range alone. */
  readonly assignors?: readonly string[]
  /** What the member has read: `to` is one behind the last. */
  readonly onRead?: (partition: number, from: number, to: number) => void
}

/** As VerifiableConsumer prints them. */
interface VerifiableEvent {
  readonly name: string
  readonly partitions?: readonly {
    readonly topic: string
    readonly partition: number
    readonly minOffset: number
    readonly maxOffset: number
  }[]
}

/** Kafka's own consumer as a member of a group: reads from the start, commits after every poll, and says what it has read. */
export class JavaMember {
  /** Partitions it has now. */
  owned: readonly number[] = []
  records = 0
  readonly #process: ChildProcess

  static async start(options: JavaMemberOptions): Promise<JavaMember> {
    const { classPath } = await kafkaJars()
    const { bootstrapServers, group, topic, assignors = ['org.apache.kafka.clients.consumer.RangeAssignor'] } = options
    const args = ['--bootstrap-server', bootstrapServers, '--group-id', group, '--topic', topic, '--reset-policy', 'earliest']
    const strategy = ['--assignment-strategy', assignors.join(',')]
    const jvm = ['-XX:TieredStopAtLevel=1', '-Xmx128m', '-cp', classPath]
    const member = new JavaMember(
      spawn('java', [...jvm, 'org.apache.kafka.tools.VerifiableConsumer', ...args, ...strategy], { stdio: ['ignore', 'pipe', 'ignore'] }),
      options,
    )
    onTestFinished(() => void member.#process.kill('SIGKILL'))
    return member
  }

  private constructor(process: ChildProcess, { onRead }: JavaMemberOptions) {
    this.#process = process
    createInterface(process.stdout!).on('line', (line) => {
      if (!line.startsWith('{')) return
      const { name, partitions = [] } = JSON.parse(line) as VerifiableEvent
      if (name === 'partitions_assigned') this.owned = partitions.map(({ partition }) => partition)
      if (name === 'partitions_revoked') this.owned = []
      if (name !== 'records_consumed') return
      for (const { partition, minOffset, maxOffset } of partitions) {
        this.records += maxOffset + 1 - minOffset
        onRead?.(partition, minOffset, maxOffset + 1)
      }
    })
  }

  /** SIGTERM: it leaves the group. */
  leave(): void {
    this.#process.kill('SIGTERM')
  }
}
