import { createPrivateKey } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, type ConnectionOptions } from 'node:tls'
import { ConfigException } from 'standpipe/api'
import type { TlsSettings } from './connection-settings.ts'

/** False: without TLS. */
export type TlsAttempt = ConnectionOptions | false

/**
 * What to try, in this order; a further attempt is made only where the server refuses the one before because of TLS.
 * @throws ConfigException for a file that cannot be read
 */
export function tlsAttempts(settings: TlsSettings): readonly TlsAttempt[] {
  const { mode } = settings
  if (mode === 'disable') return [false]
  const unverified = { ...clientCertificate(settings), rejectUnauthorized: false }
  if (mode === 'allow') return [false, unverified]
  if (mode === 'prefer') return [unverified, false]
  if (mode === 'require') return [unverified]
  const verified = { ...clientCertificate(settings), ...trusted(settings), rejectUnauthorized: true }
  return [mode === 'verify-ca' ? { ...verified, checkServerIdentity: () => undefined } : verified]
}

/** Without a file of one's own those of Node.js count, as `sslrootcert` has a default file only. */
function trusted({ rootCertificateFile }: TlsSettings): ConnectionOptions {
  const file = rootCertificateFile ?? existing(join(homedir(), '.postgresql', 'root.crt'))
  return file === null ? {} : { ca: readFile('sslrootcert', file) }
}

function clientCertificate(settings: TlsSettings): ConnectionOptions {
  const folder = join(homedir(), '.postgresql')
  const keyFile = settings.keyFile ?? existing(join(folder, 'postgresql.pk8'))
  if (keyFile === null) return {}
  const key = readFile('sslkey', keyFile)
  const passphrase = settings.keyPassword?.value()
  if (/\.(p12|pfx)$/i.test(keyFile)) return checkedStore(keyFile, passphrase === undefined ? { pfx: key } : { pfx: key, passphrase })
  const certificateFile = settings.certificateFile ?? existing(join(folder, 'postgresql.crt'))
  const cert = certificateFile === null ? {} : { cert: readFile('sslcert', certificateFile) }
  return { ...cert, key: pemKey(keyFile, key, passphrase) }
}

/** Opened once to see that it opens: what comes of it later looks like a lost connection. */
function checkedStore(file: string, store: ConnectionOptions): ConnectionOptions {
  try {
    createSecureContext(store)
    return store
  } catch (error) {
    throw new ConfigException(`The key store of sslkey, ${file}, cannot be read. Is it PKCS#12, and is sslpassword right?`, {
      cause: error,
    })
  }
}

/** Node's TLS takes PEM; pgjdbc's usual form is PKCS#8 DER. */
function pemKey(file: string, key: Buffer, passphrase: string | undefined): string {
  const isPem = key.includes('-----BEGIN')
  const secret = passphrase === undefined ? {} : { passphrase }
  try {
    const read = isPem ? createPrivateKey({ key, ...secret }) : createPrivateKey({ key, format: 'der', type: 'pkcs8', ...secret })
    return read.export({ type: 'pkcs8', format: 'pem' }).toString()
  } catch (error) {
    throw new ConfigException(`The key of sslkey, ${file}, cannot be read. Is it PKCS#8, and is sslpassword right?`, { cause: error })
  }
}

function readFile(parameter: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new ConfigException(`The file of ${parameter}, ${file}, cannot be read.`, { cause: error })
  }
}

function existing(file: string): string | null {
  return existsSync(file) ? file : null
}
