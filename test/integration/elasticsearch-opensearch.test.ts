import { elasticsearchSinkSuite } from '../contract/elasticsearch-sink/index.ts'
import { dataStreams } from '../contract/elasticsearch-sink/data-streams.ts'
import { searchServerContract } from '../contract/search-server.ts'
import { describeWithSearchServer } from '../support/services/elasticsearch-suite.ts'
import { describeWithKafka } from '../support/services/suite.ts'

const facts = { parsingException: 'mapper_parsing_exception', hasDataStreams: true, takesTypes: false } as const

await describeWithSearchServer('opensearch-3', 'a search server', (server) => {
  searchServerContract(() => server, facts)
})

await describeWithSearchServer('opensearch-3', 'the Elasticsearch sink', (server) => {
  describeWithKafka('in a worker', (kafka) => {
    elasticsearchSinkSuite(kafka, server, facts)
    dataStreams(kafka, server, false)
  })
})
