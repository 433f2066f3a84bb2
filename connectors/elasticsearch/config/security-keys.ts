import { between, validList, type KeyDeclaration, type KeyDeclarations } from 'standpipe/api'
import { existingFile, oneOf, recommend } from './validators.ts'

/** A proxy that tunnels with CONNECT. */
export const proxyKeys = {
  'proxy.host': {
    type: 'string',
    default: '',
    importance: 'low',
    doc: 'HTTP proxy that requests go through. Empty: none.',
    group: 'Proxy',
    orderInGroup: 0,
    width: 'long',
    displayName: 'Proxy Host',
  },
  'proxy.port': {
    type: 'int',
    default: 8080,
    validator: between(1, 65_535),
    importance: 'low',
    doc: 'Port of the proxy.',
    group: 'Proxy',
    orderInGroup: 1,
    width: 'long',
    displayName: 'Proxy Port',
  },
  'proxy.username': {
    type: 'string',
    default: '',
    importance: 'low',
    doc: 'User for basic authentication at the proxy. Used together with proxy.password.',
    group: 'Proxy',
    orderInGroup: 2,
    width: 'long',
    displayName: 'Proxy Username',
  },
  'proxy.password': {
    type: 'password',
    default: null,
    importance: 'low',
    doc: 'Password for basic authentication at the proxy.',
    group: 'Proxy',
    orderInGroup: 3,
    width: 'long',
    displayName: 'Proxy Password',
  },
} as const satisfies KeyDeclarations

/** Keys of `elastic.https.` begin with this; what follows are the names of Kafka's own SSL keys. */
export const sslPrefix = 'elastic.https.'

function ssl<const Declaration extends Partial<KeyDeclaration>>(orderInGroup: number, name: string, declaration: Declaration) {
  return { ...declaration, group: 'Security', orderInGroup, displayName: name } as const
}

/** TLS, in the words of Kafka's clients. */
export const securityKeys = {
  'elastic.security.protocol': {
    type: 'string',
    default: 'PLAINTEXT',
    validator: oneOf('plaintext', 'ssl'),
    recommender: recommend('plaintext', 'ssl'),
    importance: 'medium',
    doc: 'SSL: the elastic.https keys tell how to connect. Whether a connection is encrypted is told by its address (https://).',
    group: 'Security',
    orderInGroup: 1,
    width: 'short',
    displayName: 'Security protocol',
  },
  'elastic.https.ssl.key.password': ssl(41, 'ssl.key.password', {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'Password of the private key.',
  }),
  'elastic.https.ssl.keystore.certificate.chain': ssl(42, 'ssl.keystore.certificate.chain', {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'Client certificate with its chain, PEM text.',
  }),
  'elastic.https.ssl.keystore.key': ssl(43, 'ssl.keystore.key', {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'Private key of the client certificate, PEM text (PKCS#8).',
  }),
  'elastic.https.ssl.keystore.location': ssl(44, 'ssl.keystore.location', {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'File with the client certificate and its key: JKS, PKCS#12 or PEM, told by its content. Empty: none.',
  }),
  'elastic.https.ssl.keystore.password': ssl(45, 'ssl.keystore.password', {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'Password of that file.',
  }),
  'elastic.https.ssl.truststore.certificates': ssl(46, 'ssl.truststore.certificates', {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'Trusted certificates, PEM text.',
  }),
  'elastic.https.ssl.truststore.location': ssl(47, 'ssl.truststore.location', {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'File with trusted certificates: JKS, PKCS#12 or PEM, told by its content. Empty: those of the system.',
  }),
  'elastic.https.ssl.truststore.password': ssl(48, 'ssl.truststore.password', {
    type: 'password',
    default: null,
    importance: 'high',
    doc: 'Password of that file.',
  }),
  'elastic.https.ssl.enabled.protocols': ssl(49, 'ssl.enabled.protocols', {
    type: 'list',
    default: ['TLSv1.2', 'TLSv1.3'],
    validator: validList(),
    importance: 'medium',
    doc: 'Versions of TLS that may be used.',
  }),
  'elastic.https.ssl.keystore.type': ssl(50, 'ssl.keystore.type', {
    type: 'string',
    default: 'JKS',
    importance: 'medium',
    doc: 'Accepted and not needed: the content of the file tells.',
  }),
  'elastic.https.ssl.protocol': ssl(51, 'ssl.protocol', {
    type: 'string',
    default: 'TLSv1.3',
    importance: 'medium',
    doc: 'Accepted and not needed: see ssl.enabled.protocols.',
  }),
  'elastic.https.ssl.provider': ssl(52, 'ssl.provider', {
    type: 'string',
    default: null,
    importance: 'medium',
    doc: 'Accepted and ignored: a matter of the Java machine.',
  }),
  'elastic.https.ssl.truststore.type': ssl(53, 'ssl.truststore.type', {
    type: 'string',
    default: 'JKS',
    importance: 'medium',
    doc: 'Accepted and not needed: the content of the file tells.',
  }),
  'elastic.https.ssl.cipher.suites': ssl(54, 'ssl.cipher.suites', {
    type: 'list',
    default: [],
    validator: validList(),
    importance: 'low',
    doc: 'Cipher suites that may be used. Empty: those of Node.js.',
  }),
  'elastic.https.ssl.endpoint.identification.algorithm': ssl(55, 'ssl.endpoint.identification.algorithm', {
    type: 'string',
    default: 'https',
    importance: 'low',
    doc: 'Empty: the name in the certificate of the server is not compared with the address.',
  }),
  'elastic.https.ssl.engine.factory.class': ssl(56, 'ssl.engine.factory.class', {
    type: 'class',
    default: null,
    importance: 'low',
    doc: 'Accepted and ignored: a matter of the Java machine.',
  }),
  'elastic.https.ssl.keymanager.algorithm': ssl(57, 'ssl.keymanager.algorithm', {
    type: 'string',
    default: 'SunX509',
    importance: 'low',
    doc: 'Accepted and ignored: a matter of the Java machine.',
  }),
  'elastic.https.ssl.secure.random.implementation': ssl(58, 'ssl.secure.random.implementation', {
    type: 'string',
    default: null,
    importance: 'low',
    doc: 'Accepted and ignored: a matter of the Java machine.',
  }),
  'elastic.https.ssl.trustmanager.algorithm': ssl(59, 'ssl.trustmanager.algorithm', {
    type: 'string',
    default: 'PKIX',
    importance: 'low',
    doc: 'Accepted and ignored: a matter of the Java machine.',
  }),
  'elastic.https.ssl.verification.mode': ssl(60, 'ssl.verification.mode', {
    type: 'string',
    default: 'full',
    validator: oneOf('full', 'certificate', 'none'),
    recommender: recommend('full', 'certificate', 'none'),
    importance: 'low',
    doc: 'What is checked of the certificate of the server: everything (full), all but the name (certificate), or nothing (none). (Ours.)',
  }),
  'elastic.https.ssl.ca.fingerprint': ssl(61, 'ssl.ca.fingerprint', {
    type: 'string',
    default: '',
    importance: 'low',
    doc: 'SHA-256 fingerprint of the certificate authority that is trusted, as Elasticsearch prints it at its first start. (Ours.)',
  }),
} as const satisfies KeyDeclarations

/** Log in by a ticket. */
export const kerberosKeys = {
  'kerberos.user.principal': {
    type: 'string',
    default: null,
    importance: 'low',
    doc: 'Principal to log in with Kerberos. Used together with kerberos.keytab.path.',
    group: 'Kerberos',
    orderInGroup: 0,
    width: 'long',
    displayName: 'Kerberos User Principal',
  },
  'kerberos.keytab.path': {
    type: 'string',
    default: null,
    validator: existingFile('keytab'),
    importance: 'low',
    doc: 'File with the keys of the principal.',
    group: 'Kerberos',
    orderInGroup: 1,
    width: 'long',
    displayName: 'Kerberos Keytab File Path',
  },
} as const satisfies KeyDeclarations
