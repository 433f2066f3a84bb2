import { ask } from './elasticsearch-sink.ts'

interface Hit {
  readonly _id: string
  readonly _version: number
  readonly _source: Readonly<Record<string, unknown>>
}

interface Page {
  readonly _scroll_id: string
  readonly hits: { readonly hits: readonly Hit[] }
}

const PAGE = 10_000

export interface IndexedDocument {
  readonly id: string
  readonly version: number
  readonly source: Readonly<Record<string, unknown>>
}

/** All documents of an index as it was last refreshed, however many. */
export async function* everyDocument(server: string, index: string): AsyncGenerator<IndexedDocument> {
  const query = { size: PAGE, version: true, sort: ['_doc'] }
  let page = (await ask(server, 'POST', `/${index}/_search?scroll=1m`, query)).body as Page
  while (page.hits.hits.length > 0) {
    for (const { _id, _version, _source } of page.hits.hits) yield { id: _id, version: _version, source: _source }
    page = (await ask(server, 'POST', '/_search/scroll', { scroll: '1m', scroll_id: page._scroll_id })).body as Page
  }
  await ask(server, 'DELETE', '/_search/scroll', { scroll_id: page._scroll_id })
}
