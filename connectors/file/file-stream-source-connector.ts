import {
  ConnectException,
  type ConnectorContext,
  type Props,
  type SourceConnector,
  type SourceOffset,
  type SourcePartition,
} from 'standpipe/api'
import { fileStreamSourceConfig } from './config.ts'
import { FileStreamSourceTask } from './file-stream-source-task.ts'
import { version } from './version.ts'

/** Reads lines of one file, in one task whatever `tasks.max` says. Apache Kafka 4.3, FileStreamSourceConnector. */
export class FileStreamSourceConnector implements SourceConnector {
  readonly kind = 'source'
  readonly version = version
  readonly taskClass = FileStreamSourceTask
  #context: ConnectorContext | null = null
  #props: Props = {}

  initialize(context: ConnectorContext): void {
    this.#context = context
  }

  start(props: Props): void {
    this.#props = props
    const { file } = fileStreamSourceConfig.parse(props)
    this.#context?.log.info(`Starting file source connector reading from ${file === null || file === '' ? 'standard input' : file}`)
  }

  taskConfigs(): readonly Props[] {
    return [this.#props]
  }

  stop(): void {
    this.#props = {}
  }

  config(): typeof fileStreamSourceConfig {
    return fileStreamSourceConfig
  }

  /** Standard input cannot be read again. */
  exactlyOnceSupport(props: Props): 'supported' | 'unsupported' {
    const { file } = fileStreamSourceConfig.parse(props)
    return file === null || file.trim() === '' ? 'unsupported' : 'supported'
  }

  alterOffsets(props: Props, offsets: ReadonlyMap<SourcePartition, SourceOffset | null>): boolean {
    const { file } = fileStreamSourceConfig.parse(props)
    if (file === null || file === '') {
      throw new ConnectException(
        "Offsets cannot be modified if the 'file' configuration is unspecified. This is because stdin is used for input and offsets are not tracked.",
      )
    }
    for (const [partition, offset] of offsets) if (offset !== null) checkOffset(partition, offset)
    return true
  }
}

/** A null offset is never checked: whatever a former configuration left behind can be removed. */
function checkOffset(partition: SourcePartition | null, offset: SourceOffset): void {
  if (!Object.hasOwn(offset, 'position')) throw new ConnectException("Offset objects should either be null or contain the key 'position'")
  const { position } = offset
  if (typeof position !== 'bigint' && !Number.isInteger(position)) {
    throw new ConnectException("The value for the 'position' key in the offset is expected to be a Long value")
  }
  if (Number(position) < 0) throw new ConnectException("The value for the 'position' key in the offset should be a non-negative value")
  if (partition === null) throw new ConnectException('Partition objects cannot be null')
  if (!Object.hasOwn(partition, 'filename')) throw new ConnectException("Partition objects should contain the key 'filename'")
}
