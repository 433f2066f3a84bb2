import type { Props, SinkConnector } from 'standpipe/api'
import { fileStreamSinkConfig } from './config.ts'
import { FileStreamSinkTask } from './file-stream-sink-task.ts'
import { version } from './version.ts'

/** Appends values to one file, from all its tasks. Apache Kafka 4.3, FileStreamSinkConnector. */
export class FileStreamSinkConnector implements SinkConnector {
  readonly kind = 'sink'
  readonly version = version
  readonly taskClass = FileStreamSinkTask
  #props: Props = {}

  start(props: Props): void {
    fileStreamSinkConfig.parse(props)
    this.#props = props
  }

  taskConfigs(maxTasks: number): readonly Props[] {
    return Array.from({ length: maxTasks }, () => this.#props)
  }

  stop(): void {
    this.#props = {}
  }

  config(): typeof fileStreamSinkConfig {
    return fileStreamSinkConfig
  }

  /** Offsets of the consumer group are all there is, and any of them will do. */
  alterOffsets(): boolean {
    return true
  }
}
