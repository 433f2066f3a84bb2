import { elasticsearchSinkSuite } from '../contract/elasticsearch-sink/index.ts'
import { searchServerContract } from '../contract/search-server.ts'
import { describeWithSearchServer } from '../support/services/elasticsearch-suite.ts'
import { describeWithKafka } from '../support/services/suite.ts'

const facts = { parsingException: 'document_parsing_exception', hasDataStreams: false, takesTypes: false } as const

await describeWithSearchServer('elasticsearch-9', 'a search server', (server) => {
  searchServerContract(() => server, facts)
})

await describeWithSearchServer('elasticsearch-9', 'the Elasticsearch sink', (server) => {
  describeWithKafka('in a worker', (kafka) => elasticsearchSinkSuite(kafka, server, facts))
})
