/** What becomes of a parameter of pgjdbc, from the URL or a `connection.` key. Names are pgjdbc's. */
export type ParameterUse = 'used' | 'without effect' | 'unsupported'

const used = [
  ...['user', 'password', 'ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslpassword', 'sslfactory', 'currentSchema', 'options'],
  ...['ApplicationName', 'connectTimeout', 'loginTimeout', 'socketTimeout', 'queryTimeout', 'tcpKeepAlive', 'targetServerType'],
  ...['loadBalanceHosts', 'readOnly', 'preferQueryMode', 'prepareThreshold', 'PGHOST', 'PGPORT', 'PGDBNAME'],
]

/** Tuning of the Java driver; parameters of ours are always untyped text, which is `stringtype=unspecified`. */
const withoutEffect = [
  ...['stringtype', 'reWriteBatchedInserts', 'binaryTransfer', 'binaryTransferEnable', 'binaryTransferDisable', 'defaultRowFetchSize'],
  ...[
    'adaptiveFetch',
    'adaptiveFetchMinimum',
    'adaptiveFetchMaximum',
    'assumeMinServerVersion',
    'loggerLevel',
    'loggerFile',
    'logUnclosedConnections',
  ],
  ...['disableColumnSanitiser', 'autosave', 'cleanupSavepoints', 'allowEncodingChanges', 'unknownLength', 'databaseMetadataCacheFields'],
  ...[
    'databaseMetadataCacheFieldsMiB',
    'preparedStatementCacheQueries',
    'preparedStatementCacheSizeMiB',
    'hostRecheckSeconds',
    'cancelSignalTimeout',
  ],
  ...[
    'receiveBufferSize',
    'sendBufferSize',
    'tcpNoDelay',
    'logServerErrorDetail',
    'maxResultBuffer',
    'maxSendBufferSize',
    'escapeSyntaxCallMode',
  ],
  ...[
    'hideUnprivilegedObjects',
    'readOnlyMode',
    'replication',
    'groupStartupParameters',
    'quoteReturningIdentifiers',
    'sslResponseTimeout',
  ],
  ...['channelBinding', 'sslNegotiation', 'xmlFactoryFactory', 'localSocketAddress', 'convertBooleanToNumeric', 'service'],
]

const unsupported = [
  ...[
    'gssEncMode',
    'gsslib',
    'gssResponseTimeout',
    'jaasApplicationName',
    'jaasLogin',
    'kerberosServerName',
    'useSpnego',
    'sspiServiceClass',
  ],
  ...[
    'socketFactory',
    'socketFactoryArg',
    'authenticationPluginClassName',
    'sslhostnameverifier',
    'sslpasswordcallback',
    'sslfactoryarg',
    'gssUseDefaultCreds',
  ],
  'requireAuth',
]

const uses: ReadonlyMap<string, ParameterUse> = new Map<string, ParameterUse>([
  ...used.map((name) => [name, 'used'] as const),
  ...withoutEffect.map((name) => [name, 'without effect'] as const),
  ...unsupported.map((name) => [name, 'unsupported'] as const),
])

/** Null: pgjdbc does not know the parameter either, and ignores it. */
export function useOfParameter(name: string): ParameterUse | null {
  return uses.get(name) ?? null
}
