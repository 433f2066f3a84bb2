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

interface StoredMeta {
  readonly clusterId: string
  /** How many folders the broker has. */
  readonly directories: number
}

/** The one that the folders have; those that are new get it, too. */
function clusterIdOf(paths: readonly string[], nodeId: number): string {
  const stored = paths.map((path) => storedMeta(path, nodeId))
  const known = stored.filter((meta) => meta !== null)
  if (new Set(known.map(({ clusterId }) => clusterId)).size > 1)
    throw new ConfigException(`${paths.join(' and ')} belong to different clusters. Choose others with log.dirs`)
  const directories = Math.max(1, ...known.map((meta) => meta.directories))
  if (known.length > 0 && known.length < directories) throw incomplete(paths, known.length, directories)
  const clusterId = known[0]?.clusterId ?? randomClusterId()
  // first all have the id and then the number: a crash leaves none behind that is counted and does not know it
  for (const [index, path] of paths.entries()) if (stored[index] === null) storeMeta(path, { clusterId, directories }, nodeId)
  if (paths.length > directories) for (const path of paths) storeMeta(path, { clusterId, directories: paths.length }, nodeId)
  return clusterId
}

/** Partitions of a folder that is not there would be made anew, empty, and be taken for the real ones when it is back. */
function incomplete(paths: readonly string[], found: number, directories: number): ConfigException {
  return new ConfigException(
    `log.dirs has ${found} of the ${directories} data folders of this broker (${paths.join(', ')}). Mount the others, or name them, too. If they ` +
      `are gone for good, set directories=${found} in ${META} of each that is left: what they held begins anew, empty`,
  )
}

/** Null: the folder is new. */
function storedMeta(path: string, nodeId: number): StoredMeta | null {
  if (!fs.existsSync(join(path, META))) return null
  const { props } = parseProperties(fs.readFileSync(join(path, META), 'latin1'), META)
  const { 'cluster.id': clusterId, 'node.id': storedId, 'directory.id': kafkaDirectory, directories = '1' } = props
  if (kafkaDirectory !== undefined) {
    throw new ConfigException(
      `${path} holds the data of an Apache Kafka broker, which the embedded one cannot use. Choose another folder with --dir or log.dirs`,
    )
  }
  if (clusterId === undefined || storedId === undefined)
    throw new ConfigException(`${join(path, META)} has no cluster.id and node.id: it is no data folder of a broker`)
  if (!/^[1-9]\d*$/.test(directories))
    throw new ConfigException(`${join(path, META)} has directories=${directories}. Set it to the number of data folders of this broker`)
  if (Number(storedId) === nodeId) return { clusterId, directories: Number(directories) }
  throw new ConfigException(
    `${path} belongs to the broker with node.id=${storedId}, and this one has node.id=${nodeId}. Change node.id or log.dirs`,
  )
}

function storeMeta(path: string, { clusterId, directories }: StoredMeta, nodeId: number): void {
  const written = join(path, `${META}.new`)
  fs.writeFileSync(written, `version=1\ncluster.id=${clusterId}\nnode.id=${nodeId}\ndirectories=${directories}\n`, { flush: true })
  fs.renameSync(written, join(path, META))
}
