import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { searchServerVariables, startSearchServer } from '../../test/support/services/elasticsearch.ts'
import { answersHealth } from '../../test/support/services/elasticsearch-node.ts'
import { checkProgress, config, copyWithUrl, describeTopic, findOrStart, property, seconds, startWorker, type Demo } from './demo.ts'

const LINES = 1_000
const POLL_MS = 100
const sinkFile = config('connect-elasticsearch-sink.properties')

interface SearchServer {
  readonly url: string
}

interface SearchAnswer {
  readonly hits: {
    readonly total: { readonly value: number }
    readonly hits: readonly { readonly _id: string; readonly _source: unknown }[]
  }
}

/**
 * A file source writes the lines of a file to a topic, the Elasticsearch sink writes the topic to an index, and a search finds a line, run
 * by the worker on the example files of config/. The server is the one of the sink's file, or a test server that is started for the demo.
 */
export async function demoElasticsearch(demo: Demo): Promise<void> {
  const { dir } = demo
  const { server, stop } = await findOrStartServer()
  try {
    const name = `demo${dir.slice(-6).toLowerCase()}`
    const input = Array.from({ length: LINES }, (_, index) => `${name} line ${index + 1}`)
    await writeFile(join(dir, 'test.txt'), `${input.join('\n')}\n`)
    const sink = await copyWithUrl(demo, 'connect-elasticsearch-sink.properties', server.url)
    const startedAt = performance.now()
    const worker = await startWorker(demo, [config('connect-file-source.properties'), sink])
    try {
      await arrival(demo, server, name, () => checkProgress(worker, startedAt, 'Some documents'))
      await showWhatArrived(demo, server, name, startedAt)
      if (!demo.once) await stayUp(demo, worker.logFile, server)
    } finally {
      await worker.stop()
    }
  } finally {
    await stop()
  }
}

async function findOrStartServer() {
  const configured = process.env[searchServerVariables['elasticsearch-8']] ?? (await property(sinkFile, 'connection.url'))
  return findOrStart<SearchServer>({
    name: 'Elasticsearch',
    addresses: [configured],
    hint: ' (98 MB, fetched once)',
    answers: (url) => answersHealth(url),
    at: (url) => ({ url }),
    start: () => startSearchServer('elasticsearch-8'),
    addressOf: ({ url }) => url,
  })
}

async function arrival({ stopped }: Demo, server: SearchServer, name: string, check: () => void): Promise<void> {
  while (!stopped.aborted && (await search(server, `line:${name}`)).hits.total.value < LINES) {
    check()
    await sleep(POLL_MS)
  }
}

async function showWhatArrived(demo: Demo, server: SearchServer, name: string, startedAt: number): Promise<void> {
  const topic = await property(sinkFile, 'topics')
  console.log(`all documents found by a search ${seconds(startedAt)} s after the start of the worker`)
  console.log(`source        ${join(demo.dir, 'test.txt')}: ${LINES} lines`)
  console.log(`topic         ${await describeTopic(demo, topic)}`)
  const query = `line:(${name} AND ${LINES})`
  console.log(`index         ${server.url}/${topic}/_search?q=${encodeURIComponent(query)}`)
  for (const { _id, _source } of (await search(server, query)).hits.hits) console.log(`                ${_id}  ${JSON.stringify(_source)}`)
}

async function stayUp({ dir, stopped }: Demo, logFile: string, server: SearchServer): Promise<void> {
  const topic = await property(sinkFile, 'topics')
  console.log(`\nThe worker stays up until Ctrl-C. Give it more, in another shell:\n  echo hello >> ${join(dir, 'test.txt')}`)
  console.log(`  curl '${server.url}/${topic}/_search?q=line:hello'\nIts log: ${logFile}\n`)
  while (!stopped.aborted) await sleep(POLL_MS)
  console.log('stopping …')
}

/** Nothing found when there is no index yet. */
async function search(server: SearchServer, query: string): Promise<SearchAnswer> {
  const topic = await property(sinkFile, 'topics')
  const index = `${server.url}/${topic}`
  await fetch(`${index}/_refresh`, { method: 'POST' })
  const answer = await fetch(`${index}/_search?track_total_hits=true&q=${encodeURIComponent(query)}`)
  const body = (await answer.json()) as SearchAnswer
  return answer.ok ? body : { hits: { total: { value: 0 }, hits: [] } }
}
