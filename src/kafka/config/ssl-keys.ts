import type { KeyDeclarations } from '../../api/config/config-key.ts'
import { validList } from '../../api/config/validators.ts'

/** TLS keys, the same for every client and for the worker's REST listeners. Apache Kafka 4.3, SslConfigs. */
export const sslKeys = {
  'ssl.protocol': { type: 'string', default: 'TLSv1.3', importance: 'medium', doc: 'Highest TLS version to offer.' },
  'ssl.provider': {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: 'Java security provider. Accepted, without effect: TLS is Node’s.',
  },
  'ssl.cipher.suites': {
    type: 'list',
    default: [],
    validator: validList(),
    importance: 'low',
    doc: 'Cipher suites by their Java or OpenSSL names. Empty: Node’s choice.',
  },
  'ssl.enabled.protocols': {
    type: 'list',
    default: ['TLSv1.2', 'TLSv1.3'],
    validator: validList(),
    importance: 'medium',
    doc: 'TLS versions allowed on a connection.',
  },
  'ssl.keystore.type': {
    type: 'string',
    default: 'JKS',
    importance: 'medium',
    doc: 'Declared format of the key store: PEM, PKCS12 or JKS. The content decides.',
  },
  'ssl.keystore.location': {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'File with the client’s own key and certificate chain, for mutual TLS.',
  },
  'ssl.keystore.password': {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'Password of the key store file. PEM files have none.',
  },
  'ssl.keystore.key': {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'The client’s private key as PEM text (PKCS#8), in place of a file.',
  },
  'ssl.keystore.certificate.chain': {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'The client’s certificate chain as PEM text, in place of a file.',
  },
  'ssl.key.password': { type: 'password', default: null, importance: 'high', doc: 'Password of an encrypted private key.' },
  'ssl.truststore.type': {
    type: 'string',
    default: 'JKS',
    importance: 'medium',
    doc: 'Declared format of the trust store: PEM, PKCS12 or JKS. The content decides.',
  },
  'ssl.truststore.location': {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'File with the certificates to trust. Unset: Node’s root certificates.',
  },
  'ssl.truststore.password': {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'Password of the trust store file. PEM files have none.',
  },
  'ssl.truststore.certificates': {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'Certificates to trust as PEM text, in place of a file.',
  },
  'ssl.keymanager.algorithm': { type: 'string', default: 'SunX509', importance: 'low', doc: 'Java key manager. Accepted, without effect.' },
  'ssl.trustmanager.algorithm': {
    type: 'string',
    default: 'PKIX',
    importance: 'low',
    doc: 'Java trust manager. Accepted, without effect.',
  },
  'ssl.endpoint.identification.algorithm': {
    type: 'string',
    default: 'https',
    importance: 'low',
    doc: '`https` checks the host name of the server’s certificate; the empty text does not.',
  },
  'ssl.secure.random.implementation': {
    type: 'string',
    default: null,
    importance: 'low',
    doc: 'Java random generator. Accepted, without effect.',
  },
  'ssl.engine.factory.class': {
    type: 'class',
    default: null,
    importance: 'low',
    doc: 'Java class that builds TLS engines. Not supported: leave it unset.',
  },
} as const satisfies KeyDeclarations
