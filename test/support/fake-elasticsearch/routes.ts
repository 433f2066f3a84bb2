import { missing, refused, type Answer, type FakeCluster } from './cluster.ts'
import type { FakeIndex } from './fake-index.ts'
import type { ItemFault, SeenRequest } from './faults.ts'

type OutcomeOf = (position: number, id: string | undefined) => ItemFault | null

/** Which API a request is for, as the servers' own routing tells. */
export function route(cluster: FakeCluster, request: SeenRequest, outcomeOf: OutcomeOf): Answer {
  const { method, body } = request
  const parts = request.path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  const [first = '', second = '', third] = parts
  if (parts.at(-1) === '_bulk') return cluster.bulk(body, parts.length === 2 ? first : null, outcomeOf)
  if (first === '') return cluster.info()
  if (first === '_data_stream')
    return method === 'PUT' ? cluster.createDataStream(second) : found(cluster.find(second)?.isDataStream, second)
  if (first === '_index_template') return putTemplate(cluster, body)
  if (first === '_aliases') return addAliases(cluster, body)
  if (first === '_alias') return found(cluster.aliases.has(second), second)
  if (first === '_cluster') return { status: 200, body: { status: 'green' } }
  if (first.startsWith('_')) return refused(400, 'illegal_argument_exception', `the fake server has no ${first}`)
  return indexApi(cluster, { method, name: first, api: second, id: third, body })
}

function putTemplate(cluster: FakeCluster, body: string): Answer {
  for (const pattern of (JSON.parse(body) as { index_patterns: string[] }).index_patterns) cluster.templates.add(pattern)
  return { status: 200, body: { acknowledged: true } }
}

function addAliases(cluster: FakeCluster, body: string): Answer {
  for (const { add } of (JSON.parse(body) as { actions: { add: { index: string; alias: string } }[] }).actions)
    cluster.aliases.set(add.alias, add.index)
  return { status: 200, body: { acknowledged: true } }
}

function indexApi(
  cluster: FakeCluster,
  request: { readonly method: string; readonly name: string; readonly api: string; readonly id: string | undefined; readonly body: string },
): Answer {
  const { method, name, api, id, body } = request
  const index = cluster.find(name)
  if (api === '_mapping') return method === 'GET' ? cluster.mappingOf(name) : cluster.putMapping(name, parsed(body))
  if (api === '_count') return index === undefined ? missing(name) : { status: 200, body: { count: index.documents.size } }
  if (api === '_search') return index === undefined ? missing(name) : search(index)
  if (api === '_refresh') return found(index !== undefined, name)
  if (api === '_doc' && id !== undefined) {
    const document = index?.documents.get(id)
    if (document === undefined) return { status: 404, body: { _index: name, _id: id, found: false } }
    return {
      status: 200,
      body: { _index: name, _id: id, _version: document.version, found: true, _source: JSON.parse(document.source) as unknown },
    }
  }
  if (api !== '') return refused(400, 'illegal_argument_exception', `the fake server has no ${api}`)
  if (method === 'PUT') return cluster.createIndex(name, parsed(body))
  if (method !== 'DELETE') return found(index !== undefined, name)
  return found(cluster.indices.delete(name), name)
}

/** All documents, whatever the query. */
function search(index: FakeIndex): Answer {
  const hits = [...index.documents].map(([_id, { version, source }]) => ({
    _id,
    _version: version,
    _source: JSON.parse(source) as unknown,
  }))
  return { status: 200, body: { hits: { total: { value: hits.length }, hits } } }
}

function found(isThere: boolean | undefined, name: string): Answer {
  return isThere === true ? { status: 200, body: { acknowledged: true } } : missing(name)
}

function parsed<T extends object>(body: string): Partial<T> {
  return body === '' ? {} : (JSON.parse(body) as Partial<T>)
}
