/** The Java programs of bench/peers: compiled into the cache when they are first needed, and started. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDir, cached, download, maven, requireProgram } from '../test/support/services/download.ts'
import { kafkaJars } from '../test/support/services/kafka-jars.ts'
import { log4jOption } from '../test/support/services/log4j.ts'
import { ServerProcess } from '../test/support/services/server-process.ts'

export const JAVA_LOOP = 'Java loop'

const sources = join(import.meta.dirname, 'peers', 'java')
const PGJDBC = '42.7.8'

/** The heap and collector of Java Connect, which these programs stand in for. */
const JVM = ['-server', '-Xms256m', '-Xmx2g', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-XX:InitiatingHeapOccupancyPercent=35']

/** @param mainClass `Gen`, or one of the stand-ins */
export async function javaProgram(dir: string, mainClass: string, args: readonly (string | number)[]): Promise<ServerProcess> {
  const { classPath } = await kafkaJars()
  const jars = [await compiledPrograms(classPath), classPath, await pgjdbc()].join(':')
  const command = [...JVM, await log4jOption(dir, 'WARN'), '-cp', jars, mainClass, ...args.map(String)]
  return ServerProcess.start({ command: 'java', args: command, cwd: dir, logFile: join(dir, `${mainClass}.log`) })
}

/** Makes the topic anew: 16 partitions, records of 10 fields, the key is the id. @param format `schema`: with the schema in every record */
export async function generateTopic(
  bootstrap: string,
  topic: string,
  records: number,
  format: 'plain' | 'schema',
  dir: string,
): Promise<void> {
  const generator = await javaProgram(dir, 'Gen', [bootstrap, topic, 16, records, format])
  const exit = await generator.exited
  if (exit !== 'exit code 0') throw new Error(`Gen ended with ${exit}.\n${generator.logTail()}`)
}

/** The name of the folder says of which sources it was made. */
async function compiledPrograms(classPath: string): Promise<string> {
  const files = (await readdir(sources)).toSorted().map((name) => join(sources, name))
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(file))
  const classes = join(cacheDir, 'bench', `java-${hash.digest('hex').slice(0, 12)}`)
  await cached('The Java programs of the benchmark', classes, async (scratch) => {
    await requireProgram('The benchmark', 'javac', ['-version'], 'openjdk-17-jdk-headless')
    const output = join(scratch, 'classes')
    await download('javac', '-cp', classPath, '-d', output, ...files)
    return output
  })
  return classes
}

async function pgjdbc(): Promise<string> {
  const folder = join(cacheDir, 'bench', `pgjdbc-${PGJDBC}`)
  await cached('pgjdbc', folder, async (scratch) => {
    const output = join(scratch, 'jars')
    await maven('pgjdbc', 'dependency:copy', `-Dartifact=org.postgresql:postgresql:${PGJDBC}:jar`, `-DoutputDirectory=${output}`)
    return output
  })
  return join(folder, `postgresql-${PGJDBC}.jar`)
}
