import { DerReader, tags } from './der-reader.ts'
import { decrypted } from './password-encryption.ts'
import { StoreException, type Store, type StorePasswords } from './store.ts'

const data = '1.2.840.113549.1.7.1'
const encryptedData = '1.2.840.113549.1.7.6'
const keyBag = '1.2.840.113549.1.12.10.1.1'
const shroudedKeyBag = '1.2.840.113549.1.12.10.1.2'
const certificateBag = '1.2.840.113549.1.12.10.1.3'
const x509 = '1.2.840.113549.1.9.22.1'

/** What was found so far. */
interface Contents {
  readonly certificates: Buffer[]
  /** PKCS #8. */
  key: Buffer | null
  isKeyEncrypted: boolean
}

/**
 * Reads a PKCS #12 file (RFC 7292), what `keytool` writes today. In a store with a key all certificates are that key's.
 * @throws StoreException for a damaged file, a wrong password, or a cipher that is not had here
 */
export function readPkcs12(bytes: Buffer, passwords: StorePasswords): Store {
  const password = passwords.store ?? ''
  const contents: Contents = { certificates: [], key: null, isKeyEncrypted: false }
  const pfx = new DerReader(bytes).into(tags.sequence)
  pfx.integer() // version
  const authenticated = pfx.into(tags.sequence)
  if (authenticated.oid() !== data) throw new StoreException('the file is signed with a certificate, which cannot be read')
  const safes = new DerReader(authenticated.into(tags.explicit0).contents(tags.octets)).into(tags.sequence)
  while (safes.hasMore) readBags(safeContents(safes.into(tags.sequence), password), contents)
  const { key, certificates: chain, isKeyEncrypted } = contents
  if (key === null) return { trusted: chain, identity: null }
  return { trusted: [], identity: { key, keyPassword: isKeyEncrypted ? (passwords.key ?? password) : null, chain } }
}

/** The bags of one part of the file, which may be encrypted. */
function safeContents(info: DerReader, password: string): DerReader {
  const type = info.oid()
  const content = info.into(tags.explicit0)
  if (type === data) return new DerReader(content.contents(tags.octets)).into(tags.sequence)
  if (type !== encryptedData) throw new StoreException(`the file holds a part of kind ${type}, which cannot be read`)
  const encrypted = content.into(tags.sequence)
  encrypted.integer() // version
  const encryptedContent = encrypted.into(tags.sequence)
  encryptedContent.oid() // data
  const algorithm = encryptedContent.into(tags.sequence)
  return new DerReader(decrypted(algorithm, octetsOf(encryptedContent), password)).into(tags.sequence)
}

/** Implicitly tagged octets, in one piece or several. */
function octetsOf(reader: DerReader): Buffer {
  if (reader.nextTag === tags.octets0) return reader.contents(tags.octets0)
  const pieces = reader.into(tags.octetsOf0)
  const octets: Buffer[] = []
  while (pieces.hasMore) octets.push(pieces.contents(tags.octets))
  return Buffer.concat(octets)
}

function readBags(bags: DerReader, contents: Contents): void {
  while (bags.hasMore) {
    const bag = bags.into(tags.sequence)
    const kind = bag.oid()
    const value = bag.into(tags.explicit0)
    if (kind === certificateBag) readCertificate(value.into(tags.sequence), contents.certificates)
    else if ((kind === keyBag || kind === shroudedKeyBag) && contents.key === null) {
      contents.key = value.whole()
      contents.isKeyEncrypted = kind === shroudedKeyBag
    }
  }
}

function readCertificate(bag: DerReader, certificates: Buffer[]): void {
  if (bag.oid() === x509) certificates.push(bag.into(tags.explicit0).contents(tags.octets))
}
