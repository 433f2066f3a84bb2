import { examples } from '../contract/elasticsearch-sink/examples.ts'
import { elasticsearchSinkSuite } from '../contract/elasticsearch-sink/index.ts'
import { oddRecords } from '../contract/elasticsearch-sink/odd-records.ts'
import { oneOfMany } from '../contract/elasticsearch-sink/one-of-many.ts'
import { refusals } from '../contract/elasticsearch-sink/refusals.ts'
import { searchServerContract } from '../contract/search-server.ts'
import { describeWithSearchServer } from '../support/services/elasticsearch-suite.ts'
import { describeWithKafka } from '../support/services/suite.ts'

await describeWithSearchServer('elasticsearch-8', 'a search server', (server) => {
  searchServerContract(() => server, { parsingException: 'document_parsing_exception', hasDataStreams: false, takesTypes: false })
})

await describeWithSearchServer('elasticsearch-8', 'the Elasticsearch sink', (server) => {
  describeWithKafka('in a worker', (kafka) => {
    elasticsearchSinkSuite(kafka, server)
    oddRecords(kafka, server)
    refusals(kafka, server)
    oneOfMany(kafka, server)
    examples(kafka, server)
  })
})
