/** Who may import whom: the table of CONTRIBUTING.md, as rules. */
const ours = '^(src|connectors)/'
const only = (folder, allowed, comment) => ({
  name: `${folder.replaceAll('/', '-')}-imports`,
  comment,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: { path: ours, pathNot: [`^${folder}/`, ...allowed.map((path) => `^${path}`)] },
})

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('src/api', [], 'the contract stands alone'),
    only('src/properties', [], 'pure text to keys'),
    only('src/converters', ['src/api/'], 'converters see the contract only'),
    only('src/transforms', ['src/api/'], 'transformations see the contract only'),
    only('src/config-providers', ['src/api/', 'src/properties/'], 'providers see the contract and the properties reader'),
    only('src/logging', ['src/api/'], 'logging sees the contract only'),
    only('src/metrics', ['src/api/'], 'metrics see the contract only'),
    only('src/kafka', ['src/api/', 'src/logging/'], 'the Kafka client knows nothing of Connect’s runtime'),
    only(
      'src/broker',
      ['src/api/', 'src/logging/', 'src/properties/', 'src/kafka/record/', 'src/kafka/protocol/(reader|writer)', 'src/kafka/error-codes'],
      'the broker shares the record codec with the client and knows nothing of Connect',
    ),
    only(
      'src/offsets',
      ['src/api/', 'src/logging/', 'src/kafka/ports.ts', 'src/kafka/errors.ts', 'src/converters/'],
      'stores see the Kafka port only',
    ),
    only(
      'src/runtime',
      [
        'src/api/',
        'src/converters/',
        'src/config-providers/',
        'src/properties/',
        'src/logging/',
        'src/metrics/',
        'src/offsets/',
        'src/kafka/ports.ts',
        'src/kafka/errors.ts',
        'src/kafka/config/',
      ],
      'the runtime meets Kafka through its ports and connectors through the registry',
    ),
    {
      name: 'connectors-are-outsiders',
      comment: 'a connector imports standpipe/api, its own folder and its client library, as a third party would',
      severity: 'error',
      from: { path: '^connectors/([^/]+)/' },
      to: { path: ours, pathNot: ['^connectors/$1/', '^src/api/index\\.ts$'] },
    },
    {
      name: 'only-the-adapter-imports-kafkajs',
      severity: 'error',
      from: { pathNot: '^src/kafka/kafkajs/' },
      to: { path: '(^|/)kafkajs/', pathNot: '^src/kafka/kafkajs/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['standpipe:source', 'import', 'node', 'default', 'types'] },
  },
}
