import { expect, it } from 'vitest'
import { elasticsearchSinkSuite } from '../contract/elasticsearch-sink/index.ts'
import { dataStreams } from '../contract/elasticsearch-sink/data-streams.ts'
import { searchServerContract } from '../contract/search-server.ts'
import { startSink } from '../support/elasticsearch-sink.ts'
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

    it('#90 is written to, with one warning that it is no Elasticsearch', async () => {
      const sink = await startSink(kafka, server, { records: [{ value: { a: 1 } }] })
      await sink.committed(1)
      expect(sink.log.lines.filter((line) => line.startsWith('WARN The server at'))).toHaveLength(1)
      expect(Object.keys(await sink.documents())).toEqual([`${sink.topic}+0+0`])
    })
  })
})
