import { chmod, chown, copyFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PostgresqlServer } from './postgresql.ts'

/** Path of a certificate for tests: ca, server (localhost and 127.0.0.1), stranger (elsewhere.example), client, client-encrypted. */
export function certificate(name: string): string {
  return fileURLToPath(new URL(`../key-stores/${name}.pem`, import.meta.url))
}

/** Lets a server speak TLS, and asks its authority for certificates of clients. @param name of the server's own certificate */
export async function speakTls(server: PostgresqlServer, name: 'server' | 'stranger'): Promise<void> {
  const own = await fileOfServer(server, certificate(name), `${name}.pem`)
  const authority = await fileOfServer(server, certificate('ca'), 'ca.pem')
  for (const [key, value] of Object.entries({ ssl_cert_file: own, ssl_key_file: own, ssl_ca_file: authority, ssl: 'on' })) {
    await server.query('postgres', `ALTER SYSTEM SET ${key} = '${value}'`)
  }
  await server.query('postgres', 'SELECT pg_reload_conf()')
}

/** Who may log in and how, as lines of pg_hba.conf; `postgres` always may. */
export async function letIn(server: PostgresqlServer, ...lines: readonly string[]): Promise<void> {
  const file = join(server.dataDir, 'pg_hba.conf')
  await writeFile(file, ['host all,replication postgres 127.0.0.0/8 trust', ...lines, ''].join('\n'))
  await server.query('postgres', 'SELECT pg_reload_conf()')
}

/** The server takes keys only that nobody else can read. */
async function fileOfServer({ dir, dataDir }: PostgresqlServer, source: string, name: string): Promise<string> {
  const file = join(dir, name)
  await copyFile(source, file)
  const { uid, gid } = await stat(dataDir)
  await chown(file, uid, gid)
  await chmod(file, 0o600)
  return file
}
