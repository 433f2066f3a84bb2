/** Who is on the other side of the JDBC benchmarks. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDir, cached, download, maven } from '../test/support/services/download.ts'

export const REWRITING_JAVA_LOOP = 'rewriting Java loop'
export const TUNED_JAVA_LOOP = 'tuned Java loop'

export const DEBEZIUM = 'Debezium 3.6'

const VERSION = '3.6.0.Final'

/** Debezium's JDBC sink as Maven Central has it. @returns `plugin.path` */
export async function debeziumPlugin(): Promise<string> {
  const folder = join(cacheDir, 'bench', `debezium-jdbc-${VERSION}`)
  await cached("Debezium's JDBC sink", folder, async (scratch) => {
    const artifact = `io.debezium:debezium-connector-jdbc:${VERSION}:tar.gz:plugin`
    await maven("Debezium's JDBC sink", 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${scratch}`)
    const plugins = join(scratch, 'plugins')
    await mkdir(plugins)
    await download('tar', '-xzf', join(scratch, `debezium-connector-jdbc-${VERSION}-plugin.tar.gz`), '-C', plugins)
    return plugins
  })
  return folder
}
