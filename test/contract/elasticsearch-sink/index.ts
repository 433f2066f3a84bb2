import { dataTypes } from './data-types.ts'
import { idsAndVersions } from './ids-and-versions.ts'
import type { SearchServerFacts } from '../search-server.ts'
import { namesAndMappings } from './names-and-mappings.ts'
import { refusedDocuments } from './refused-documents.ts'
import { restarts } from './restarts.ts'
import { upsertsAndTombstones } from './upserts-and-tombstones.ts'

/**
 * What the Elasticsearch sink does in a whole worker on any server it is made for. Tests carry the numbers of the acceptance tests.
 * @param kafka address of a broker
 * @param server address of a search server; every test has an index of its own there
 */
export function elasticsearchSinkSuite(kafka: string, server: string, facts: SearchServerFacts): void {
  idsAndVersions(kafka, server)
  upsertsAndTombstones(kafka, server)
  namesAndMappings(kafka, server)
  dataTypes(kafka, server)
  refusedDocuments(kafka, server, facts)
  restarts(kafka, server)
}
