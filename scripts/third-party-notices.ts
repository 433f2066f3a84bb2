import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'

const packageFolder = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//

/**
 * What the licences of the packages in the bundle ask for: their texts go along with their code.
 * @param metafiles of the builds, with paths from the root
 * @returns a section per package, by name and version
 * @throws Error for a package that neither names its licence nor has a text of it
 */
export async function thirdPartyNotices(metafiles: readonly Metafile[], root: string): Promise<string> {
  const folders = new Set(metafiles.flatMap(({ inputs }) => Object.keys(inputs).flatMap((path) => packageFolder.exec(path)?.[0] ?? [])))
  const notices = await Promise.all([...folders].map((folder) => noticeOf(join(root, folder))))
  return `Code of these packages is part of dist, under their licences.\n\n${notices.toSorted().join('\n\n')}`
}

async function noticeOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file)).toSorted()
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  if (typeof license !== 'string' && texts.length === 0)
    throw new Error(`${String(name)} is in the bundle and says nothing of its licence.`)
  return [`## ${String(name)} ${String(version)} (${String(license)})`, ...texts.map((text) => text.trim())].join('\n\n') + '\n'
}
