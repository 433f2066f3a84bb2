import { createPrivateKey } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { row, struct } from '../support/jdbc/records.ts'
import { SinkDatabase } from '../support/jdbc/sink-database.ts'
import { describeWithPostgresql, privatePostgresql } from '../support/services/postgresql-suite.ts'
import { certificate, letIn, speakTls } from '../support/services/postgresql-tls.ts'
import type { PostgresqlServer } from '../support/services/postgresql.ts'

const ca = certificate('ca')
/** A certificate that signed nothing. */
const stranger = certificate('client')
const record = row(struct({ id: 'int32' }), { id: 1 })

/** Rows tell whether they came by TLS, and whose certificate was shown. */
const setup = [
  `CREATE FUNCTION how() RETURNS text LANGUAGE sql SECURITY DEFINER
    AS $$ SELECT CASE WHEN ssl THEN 'TLS' ELSE 'plain' END || coalesce(' ' || client_dn, '') FROM pg_stat_ssl WHERE pid = pg_backend_pid() $$`,
  'CREATE TABLE orders (id int, how text DEFAULT how())',
  'GRANT ALL ON orders TO PUBLIC',
]

/** A server whose users are named for how they may log in. */
async function tlsServer(name: 'server' | 'stranger'): Promise<PostgresqlServer> {
  const server = await privatePostgresql({ settings: { listen_addresses: '127.0.0.1,127.0.0.2' } })
  await speakTls(server, name)
  await server.query(
    'postgres',
    `CREATE ROLE tls LOGIN; CREATE ROLE plain LOGIN; CREATE ROLE "the client" LOGIN; CREATE ROLE secret LOGIN PASSWORD 'open sesame'`,
  )
  await letIn(
    server,
    'hostssl all tls 127.0.0.0/8 trust',
    'hostnossl all plain 127.0.0.0/8 trust',
    'hostssl all "the client" 127.0.0.0/8 cert',
    'hostssl all secret 127.0.0.0/8 scram-sha-256',
  )
  return server
}

/** How the row of a sink came, or what it failed with. */
async function outcome(db: SinkDatabase, url: string, user: string, more: Record<string, string> = {}): Promise<string> {
  const { port } = db.server
  const sink = db.sink({
    'connection.url': `jdbc:postgresql://${url.replace(/(?=[/?]|$)/, `:${port}/${db.name}`)}`,
    'connection.user': user,
    ...more,
  })
  await db.query('TRUNCATE orders')
  try {
    await sink.put([record])
  } catch (error) {
    return String(error)
  } finally {
    await sink.task.stop()
  }
  const [[how]] = (await db.query('SELECT how FROM orders')) as [[string]]
  return how
}

async function scratchFile(name: string, content: Buffer | string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-tls-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  await writeFile(join(dir, name), content)
  return join(dir, name)
}

await describeWithPostgresql('JDBC sink: TLS', (plainServer) => {
  it('every sslmode does what it does in pgjdbc', async () => {
    const db = await SinkDatabase.create(await tlsServer('server'), ...setup)
    const wanted: [query: string, user: string, how: string | RegExp][] = [
      ['?sslmode=disable', 'plain', 'plain'],
      ['?sslmode=disable', 'tls', /no pg_hba\.conf entry/],
      ['?sslmode=allow', 'plain', 'plain'],
      ['?sslmode=allow', 'tls', 'TLS'],
      ['', 'plain', 'plain'],
      ['', 'tls', 'TLS'],
      ['?sslmode=prefer', 'tls', 'TLS'],
      ['?sslmode=require', 'tls', 'TLS'],
      ['?sslmode=require', 'plain', /no pg_hba\.conf entry/],
      [`?sslmode=require&sslrootcert=${stranger}`, 'tls', 'TLS'],
      [`?sslmode=verify-ca&sslrootcert=${ca}`, 'tls', 'TLS'],
      [`?sslmode=verify-ca&sslrootcert=${stranger}`, 'tls', /unable to verify|self-signed|certificate/],
      ['?sslmode=verify-ca', 'tls', /unable to verify|self-signed|certificate/],
      [`?sslmode=verify-full&sslrootcert=${ca}`, 'tls', 'TLS'],
      [`?ssl=true&sslrootcert=${ca}`, 'tls', 'TLS'],
      ['?ssl=true', 'tls', /unable to verify|self-signed|certificate/],
      ['?ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory', 'tls', 'TLS'],
      ['?sslmode=verify-full&sslrootcert=/nowhere.pem', 'tls', /The file of sslrootcert, \/nowhere\.pem, cannot be read/],
    ]
    for (const [query, user, how] of wanted) {
      const found = await outcome(db, `127.0.0.1${query}`, user)
      if (typeof how === 'string') expect(found, `${query} as ${user}`).toBe(how)
      else expect(found, `${query} as ${user}`).toMatch(how)
    }
  })

  it('verify-full refuses a certificate of another host, by name and by address', async () => {
    const named = await SinkDatabase.create(await tlsServer('server'), ...setup)
    const full = `?sslmode=verify-full&sslrootcert=${ca}`
    expect(await outcome(named, `localhost${full}`, 'tls')).toBe('TLS')
    expect(await outcome(named, `127.0.0.2${full}`, 'tls')).toContain("does not match certificate's altnames")
    expect(await outcome(named, `127.0.0.2?sslmode=verify-ca&sslrootcert=${ca}`, 'tls')).toBe('TLS')
    const other = await SinkDatabase.create(await tlsServer('stranger'), ...setup)
    expect(await outcome(other, `127.0.0.1${full}`, 'tls')).toContain("does not match certificate's altnames")
    expect(await outcome(other, `127.0.0.1?sslmode=verify-ca&sslrootcert=${ca}`, 'tls')).toBe('TLS')
  })

  it('a client shows its certificate, with its key as PEM or PKCS#8, or as PKCS#12', async () => {
    const db = await SinkDatabase.create(await tlsServer('server'), ...setup)
    const pem = certificate('client')
    const key = createPrivateKey(await readFile(pem))
    const der = await scratchFile('client.pk8', key.export({ type: 'pkcs8', format: 'der' }))
    const secretDer = await scratchFile(
      'secret.pk8',
      key.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'sesame' }),
    )
    const p12 = pem.replace(/pem$/, 'p12')
    const require = '127.0.0.1?sslmode=require'
    for (const query of [
      `&sslcert=${pem}&sslkey=${pem}`,
      `&sslcert=${pem}&sslkey=${der}`,
      `&sslcert=${pem}&sslkey=${secretDer}&sslpassword=sesame`,
    ]) {
      expect(await outcome(db, require + query, 'the client'), query).toBe('TLS /CN=the client')
    }
    expect(await outcome(db, require, 'the client', { 'connection.sslkey': p12, 'connection.sslpassword': 'changeit' })).toBe(
      'TLS /CN=the client',
    )
    expect(await outcome(db, require, 'the client', { 'connection.sslkey': p12, 'connection.sslpassword': 'wrong' })).toMatch(
      /key store of sslkey.*is sslpassword right\?/,
    )
    expect(await outcome(db, require, 'the client')).toMatch(/certificate/)
    expect(await outcome(db, `${require}&sslcert=${pem}&sslkey=${secretDer}&sslpassword=wrong`, 'the client')).toMatch(
      /is sslpassword right\?/,
    )
  })

  it('passwords go by SCRAM over TLS, and a wrong one fails the task', async () => {
    const db = await SinkDatabase.create(await tlsServer('server'), ...setup)
    const full = `127.0.0.1?sslmode=verify-full&sslrootcert=${ca}`
    expect(await outcome(db, full, 'secret', { 'connection.password': 'open sesame' })).toBe('TLS')
    expect(await outcome(db, full, 'secret', { 'connection.password': 'wrong' })).toMatch(/password authentication failed/)
  })

  it('a server without TLS is taken by allow and prefer alone', async () => {
    const db = await SinkDatabase.create(plainServer, ...setup)
    for (const mode of ['disable', 'allow', 'prefer'])
      expect(await outcome(db, `127.0.0.1?sslmode=${mode}`, 'postgres'), mode).toBe('plain')
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      expect(await outcome(db, `127.0.0.1?sslmode=${mode}&sslrootcert=${ca}`, 'postgres'), mode).toContain('does not support SSL')
  })
})
