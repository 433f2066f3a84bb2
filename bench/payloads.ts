import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const PAYLOADS = 1_000

/** All sides send the same lines, so that none pays for inventing them. @returns the file */
export async function writePayloads(dir: string, bytes: number): Promise<string> {
  const file = join(dir, `payloads-${bytes}.txt`)
  const line = () => randomBytes(bytes).toString('base64').slice(0, bytes)
  await writeFile(file, Array.from({ length: PAYLOADS }, line).join('\n'))
  return file
}
