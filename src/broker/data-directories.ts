import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
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
        await make(path)
        locks.push(await lockDirectory(path))
      }
      return new DataDirectories(paths, await clusterIdOf(paths, nodeId), locks)
    } catch (error) {
      for (const lock of locks) lock.release()
      throw error
    }
  }

  close(): void {
    for (const lock of this.#locks) lock.release()
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

/** The one that the folders have; those that are new get it, too. */
async function clusterIdOf(paths: readonly string[], nodeId: number): Promise<string> {
  const stored = await Promise.all(paths.map((path) => storedClusterId(path, nodeId)))
  const ids = new Set(stored.filter((id) => id !== null))
  if (ids.size > 1) throw new ConfigException(`${paths.join(' and ')} belong to different clusters. Choose others with log.dirs`)
  const [clusterId = randomClusterId()] = ids
  for (const [index, path] of paths.entries()) if (stored[index] === null) await storeClusterId(path, clusterId, nodeId)
  return clusterId
}

/** Null: the folder is new. */
async function storedClusterId(path: string, nodeId: number): Promise<string | null> {
  if (!existsSync(join(path, META))) return null
  const { props } = parseProperties(await readFile(join(path, META), 'latin1'), META)
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

async function storeClusterId(path: string, clusterId: string, nodeId: number): Promise<void> {
  const written = join(path, `${META}.new`)
  await using file = await open(written, 'w')
  await file.writeFile(`version=1\ncluster.id=${clusterId}\nnode.id=${nodeId}\n`)
  await file.sync()
  await rename(written, join(path, META))
}
