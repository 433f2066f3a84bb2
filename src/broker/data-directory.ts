import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ConfigException } from '../api/errors.ts'
import { parseProperties } from '../properties/parse-properties.ts'
import { DirectoryLock } from './directory-lock.ts'

const META = 'meta.properties'

/** A folder of Kafka's own data; ours has none of this name. */
const KAFKA_METADATA = '__cluster_metadata-0'

/** The folder in which one broker keeps everything, locked for as long as it runs. */
export class DataDirectory {
  /** Absolute. */
  readonly path: string
  /** As Kafka prints it. The same for as long as the folder is. */
  readonly clusterId: string
  readonly #lock: DirectoryLock

  private constructor(path: string, clusterId: string, lock: DirectoryLock) {
    this.path = path
    this.clusterId = clusterId
    this.#lock = lock
  }

  /**
   * Makes the folder where there is none.
   * @throws ConfigException when it is in use, belongs to another node or to Apache Kafka, or cannot be written
   */
  static async open(dir: string, nodeId: number): Promise<DataDirectory> {
    const path = resolve(dir)
    await make(path)
    const lock = await DirectoryLock.take(path)
    try {
      return new DataDirectory(path, await clusterIdOf(path, nodeId), lock)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  close(): void {
    this.#lock.release()
  }
}

export function randomClusterId(): string {
  return randomBytes(16).toString('base64url')
}

async function make(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigException(`The broker's data folder cannot be made: ${reason}. Choose another with --dir or log.dirs`, { cause: error })
  }
}

async function clusterIdOf(path: string, nodeId: number): Promise<string> {
  const names = await readdir(path)
  if (names.includes(KAFKA_METADATA))
    throw new ConfigException(
      `${path} holds the data of an Apache Kafka broker, which the embedded one cannot use. Choose another with --dir or log.dirs`,
    )
  return names.includes(META) ? storedClusterId(path, nodeId) : storeNewClusterId(path, nodeId)
}

async function storedClusterId(path: string, nodeId: number): Promise<string> {
  const { props } = parseProperties(await readFile(join(path, META), 'latin1'), META)
  const { 'cluster.id': clusterId, 'node.id': storedId } = props
  if (clusterId === undefined || storedId === undefined)
    throw new ConfigException(`${join(path, META)} has no cluster.id and node.id: it is no data folder of a broker`)
  if (Number(storedId) !== nodeId)
    throw new ConfigException(
      `${path} belongs to the broker with node.id=${storedId}, and this one has node.id=${nodeId}. Change node.id or log.dirs`,
    )
  return clusterId
}

async function storeNewClusterId(path: string, nodeId: number): Promise<string> {
  const clusterId = randomClusterId()
  const written = join(path, `${META}.new`)
  await using file = await open(written, 'w')
  await file.writeFile(`version=1\ncluster.id=${clusterId}\nnode.id=${nodeId}\n`)
  await file.sync()
  await rename(written, join(path, META))
  return clusterId
}
