import { DerReader, TAGS } from './der-reader.ts'
import { decrypted } from './password-encryption.ts'
import { identityOf } from './identity.ts'
import { KeyStoreException, type KeyStore, type KeyStorePasswords } from './key-store.ts'
import { certificate } from './pem.ts'
import { checkMac } from './pkcs12-mac.ts'

const DATA = '1.2.840.113549.1.7.1'
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6'
const KEY_BAG = '1.2.840.113549.1.12.10.1.1'
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2'
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3'
const X509 = '1.2.840.113549.1.9.22.1'

/** Marks a certificate that a Java store trusts; the others belong to keys. */
const JAVA_TRUSTED = '2.16.840.1.113894.746875.1.1'

/** What was found so far. */
interface Contents {
  readonly certificates: { readonly pem: string; readonly isMarkedTrusted: boolean }[]
  /** PKCS #8; of several keys the first. */
  key: Buffer | null
  isKeyEncrypted: boolean
}

/**
 * Reads a PKCS #12 file (RFC 7292), what `keytool` writes today. Without a key all certificates are trusted, since OpenSSL does not mark
 * them as Java does.
 * @throws KeyStoreException for a damaged file, a wrong password, or a cipher that is not had here
 */
export function readPkcs12(bytes: Buffer, passwords: KeyStorePasswords): KeyStore {
  const contents: Contents = { certificates: [], key: null, isKeyEncrypted: false }
  const pfx = new DerReader(bytes).into(TAGS.sequence)
  pfx.integer() // version
  const authenticated = pfx.into(TAGS.sequence)
  if (authenticated.oid() !== DATA) throw new KeyStoreException('the file is signed with a certificate, which cannot be read')
  const authenticatedSafe = authenticated.into(TAGS.explicit0).contents(TAGS.octets)
  if (passwords.store !== null && pfx.hasMore) checkMac(pfx.into(TAGS.sequence), authenticatedSafe, passwords.store)
  const safes = new DerReader(authenticatedSafe).into(TAGS.sequence)
  while (safes.hasMore) readBags(safeContents(safes.into(TAGS.sequence), passwords.store), contents)
  const { key, certificates, isKeyEncrypted } = contents
  const pemOf = (list: Contents['certificates']): string[] => list.map(({ pem }) => pem)
  if (key === null) return { trusted: pemOf(certificates), keyEntry: null }
  const trusted = pemOf(certificates.filter(({ isMarkedTrusted }) => isMarkedTrusted))
  const chain = pemOf(certificates.filter(({ isMarkedTrusted }) => !isMarkedTrusted))
  const password = isKeyEncrypted ? (passwords.key ?? passwords.store) : null
  return { trusted, keyEntry: { chain, open: () => identityOf(key, password, chain) } }
}

/** The bags of one part of the file, which may be encrypted. */
function safeContents(info: DerReader, password: string | null): DerReader {
  const type = info.oid()
  const content = info.into(TAGS.explicit0)
  if (type === DATA) return new DerReader(content.contents(TAGS.octets)).into(TAGS.sequence)
  if (type !== ENCRYPTED_DATA) throw new KeyStoreException(`the file holds a part of kind ${type}, which cannot be read`)
  if (password === null) throw new KeyStoreException('it is encrypted, and its password is not given')
  const encrypted = content.into(TAGS.sequence)
  encrypted.integer() // version
  const encryptedContent = encrypted.into(TAGS.sequence)
  encryptedContent.oid() // data
  const algorithm = encryptedContent.into(TAGS.sequence)
  return new DerReader(decrypted(algorithm, octetsOf(encryptedContent), password)).into(TAGS.sequence)
}

/** Implicitly tagged octets, in one piece or several. */
function octetsOf(reader: DerReader): Buffer {
  if (reader.nextTag === TAGS.octets0) return reader.contents(TAGS.octets0)
  const pieces = reader.into(TAGS.octetsOf0)
  const octets: Buffer[] = []
  while (pieces.hasMore) octets.push(pieces.contents(TAGS.octets))
  return Buffer.concat(octets)
}

function readBags(bags: DerReader, contents: Contents): void {
  while (bags.hasMore) {
    const bag = bags.into(TAGS.sequence)
    const kind = bag.oid()
    const value = bag.into(TAGS.explicit0)
    if (kind === CERTIFICATE_BAG) readCertificate(value.into(TAGS.sequence), bag, contents)
    else if ((kind === KEY_BAG || kind === SHROUDED_KEY_BAG) && contents.key === null) {
      contents.key = value.whole()
      contents.isKeyEncrypted = kind === SHROUDED_KEY_BAG
    }
  }
}

/** @param attributes what follows in the bag */
function readCertificate(bag: DerReader, attributes: DerReader, { certificates }: Contents): void {
  if (bag.oid() !== X509) return
  const pem = certificate(bag.into(TAGS.explicit0).contents(TAGS.octets)).toString()
  certificates.push({ pem, isMarkedTrusted: hasAttribute(attributes, JAVA_TRUSTED) })
}

function hasAttribute(bag: DerReader, name: string): boolean {
  if (!bag.hasMore) return false
  const attributes = bag.into(TAGS.set)
  while (attributes.hasMore) if (attributes.into(TAGS.sequence).oid() === name) return true
  return false
}
