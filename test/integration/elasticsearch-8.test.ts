import { examples } from '../contract/elasticsearch-sink/examples.ts'
import { elasticsearchSinkSuite } from '../contract/elasticsearch-sink/index.ts'
import { oddRecords } from '../contract/elasticsearch-sink/odd-records.ts'
import { manyRecords } from '../contract/elasticsearch-sink/many-records.ts'
import { refusals } from '../contract/elasticsearch-sink/refusals.ts'
import { searchServerContract } from '../contract/search-server.ts'
import { describeWithSearchServer } from '../support/services/elasticsearch-suite.ts'
import { describeWithKafka } from '../support/services/suite.ts'

const facts = { parsingException: 'document_parsing_exception', hasDataStreams: false, takesTypes: false } as const

await describeWithSearchServer('elasticsearch-8', 'a search server', (server) => {
  searchServerContract(() => server, facts)
})

await describeWithSearchServer('elasticsearch-8', 'the Elasticsearch sink', (server) => {
  describeWithKafka('in a worker', (kafka) => {
    elasticsearchSinkSuite(kafka, server, facts)
    oddRecords(kafka, server)
    refusals(kafka, server)
    manyRecords(kafka, server)
    examples(kafka, server)
  })
})
