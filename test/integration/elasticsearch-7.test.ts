import { elasticsearchSinkSuite } from '../contract/elasticsearch-sink/index.ts'
import { searchServerContract } from '../contract/search-server.ts'
import { describeWithSearchServer } from '../support/services/elasticsearch-suite.ts'
import { describeWithKafka } from '../support/services/suite.ts'

const facts = { parsingException: 'mapper_parsing_exception', hasDataStreams: false, takesTypes: true } as const

await describeWithSearchServer('elasticsearch-7', 'a search server', (server) => {
  searchServerContract(() => server, facts)
})

await describeWithSearchServer('elasticsearch-7', 'the Elasticsearch sink', (server) => {
  describeWithKafka('in a worker', (kafka) => elasticsearchSinkSuite(kafka, server, facts))
})
