import { afterAll } from 'vitest'
import { dataStreams } from '../contract/elasticsearch-sink/data-streams.ts'
import { FakeElasticsearch } from '../support/fake-elasticsearch/fake-elasticsearch.ts'
import { describeWithKafka } from '../support/services/suite.ts'

/** Elasticsearch's test builds have no data streams; OpenSearch's has, and runs the same suite. */
const fake = await FakeElasticsearch.start()
afterAll(() => fake.stop())

describeWithKafka('the Elasticsearch sink on a fake Elasticsearch 8.19 with data streams', (kafka) => dataStreams(kafka, fake.url, true))
