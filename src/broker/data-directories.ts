import fs from 'node:fs'
import { join, resolve } from 'node:path'
import { ConfigException } from '../api/errors.ts'
import type { LockFile } from '../api/lock-file.ts'
import { parseProperties } from '../properties/parse-properties.ts'
import { lockDirectory } from './directory-lock.ts'

const META = 'meta.properties'

/** The folders in which one broker keeps everything, locked for as long as it runs. */
export class DataDirectories {
  /** Absolute. */
  readonly paths: readonly string[]
  /** As Kafka prints it. The same for as long as the folders are. */
  readonly clusterId: string
  readonly #locks: readonly LockFile[]

  private constructor(paths: readonly string[], clusterId: string, locks: readonly LockFile[]) {
    this.paths = paths
    this.clusterId = clusterId
    this.#locks = locks
  }

  /**
   * Makes the folders where there are none.
   * @throws ConfigException when one is in use, belongs to another node or to Apache Kafka, or cannot be written
   */
  static async open(dirs: readonly string[], nodeId: number): Promise<DataDirectories> {
    const paths = dirs.map((dir) => resolve(dir))
    const locks: LockFile[] = []
    try {
      for (const path of paths) {
        make(path)
        locks.push(await lockDirectory(path))
      }
      return new DataDirectories(paths, clusterIdOf(paths, nodeId), locks)
    } catch (error) {
      for (const lock of locks) lock.release()
      throw error
    }
  }

  close(): void {
    for (const lock of this.#locks) lock.release()
  }
}

/** Tells clusters apart and is no secret: loading `node:crypto` for it would take a tenth of the start. */
export function randomClusterId(): string {
  return Buffer.from(Array.from({ length: 16 }, () => Math.random() * 256)).toString('base64url')
}

function make(path: string): void {
  try {
    fs.mkdirSync(path, { recursive: true })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigException(`The broker's data folder cannot be made: ${reason}. Choose another with --dir or log.dirs`, { cause: error })
  }
}

/** The one that the folders have; those that are new get it, too. */
function clusterIdOf(paths: readonly string[], nodeId: number): string {
  const stored = paths.map((path) => storedClusterId(path, nodeId))
  const ids = new Set(stored.filter((id) => id !== null))
  if (ids.size > 1) throw new ConfigException(`${paths.join(' and ')} belong to different clusters. Choose others with log.dirs`)
  const [clusterId = randomClusterId()] = ids
  for (const [index, path] of paths.entries()) if (stored[index] === null) storeClusterId(path, clusterId, nodeId)
  return clusterId
}

/** Null: the folder is new. */
function storedClusterId(path: string, nodeId: number): string | null {
  if (!fs.existsSync(join(path, META))) return null
  const { props } = parseProperties(fs.readFileSync(join(path, META), 'latin1'), META)
  const { 'cluster.id': clusterId, 'node.id': storedId, 'directory.id': kafkaDirectory } = props
  if (kafkaDirectory !== undefined) {
    throw new ConfigException(
      `${path} holds the data of an Apache Kafka broker, which the embedded one cannot use. Choose another folder with --dir or log.dirs`,
    )
  }
  if (clusterId === undefined || storedId === undefined)
    throw new ConfigException(`${join(path, META)} has no cluster.id and node.id: it is no data folder of a broker`)
  if (Number(storedId) === nodeId) return clusterId
  throw new ConfigException(
    `${path} belongs to the broker with node.id=${storedId}, and this one has node.id=${nodeId}. Change node.id or log.dirs`,
  )
}

function storeClusterId(path: string, clusterId: string, nodeId: number): void {
  const written = join(path, `${META}.new`)
  fs.writeFileSync(written, `version=1\ncluster.id=${clusterId}\nnode.id=${nodeId}\n`, { flush: true })
  fs.renameSync(written, join(path, META))
}
