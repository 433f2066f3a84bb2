/** What tests see of the search servers: one for a whole test file, private ones that end with the test. Only for use inside vitest. */
import { afterAll, onTestFinished } from 'vitest'
import { answersHealth, type NodeOptions, type SearchNode } from './elasticsearch-node.ts'
import { searchServers, searchServerVariables, startSearchServer, type SearchServerName } from './elasticsearch.ts'
import { found } from './found.ts'
import { orSkipTest } from './or-skip-test.ts'
import { describeWith } from './suite.ts'

/**
 * `describe` for tests that need that server: the one a variable of the environment names, or one of our own that is started now and
 * stopped after the file. To be awaited at the top of a test file.
 * @param define gets the server's address: use random index names there
 */
export async function describeWithSearchServer(server: SearchServerName, name: string, define: (url: string) => void): Promise<void> {
  const given = await givenAddress(server)
  const url = given === null ? await found(() => startForFile(server)) : { server: given }
  describeWith(`${name} on ${searchServers[server].name}`, url, '', define)
}

/** Null: none is given. @throws where nobody answers: who names a server wants these tests run */
async function givenAddress(server: SearchServerName): Promise<string | null> {
  const variable = searchServerVariables[server]
  const given = process.env[variable] ?? ''
  if (given === '') return null
  if (!(await answersHealth(given))) throw new Error(`${variable} names ${given}, but no search server answers there.`)
  return given
}

async function startForFile(server: SearchServerName, options: NodeOptions = {}): Promise<string> {
  const node = await startSearchServer(server, options)
  afterAll(() => node.stop())
  return node.url
}

/**
 * The same on a server with settings of its own, which no variable names.
 * @param define gets the server's address
 */
export async function describeWithOwnSearchServer(
  server: SearchServerName,
  name: string,
  options: NodeOptions,
  define: (url: string) => void,
): Promise<void> {
  describeWith(`${name} on ${searchServers[server].name}`, await found(() => startForFile(server, options)), '', define)
}

/** A server for the current test alone, to be killed and restarted at will. Stopped when the test ends. */
export async function privateSearchServer(server: SearchServerName, options: NodeOptions = {}): Promise<SearchNode> {
  const node = await orSkipTest(() => startSearchServer(server, options))
  onTestFinished(() => node.stop())
  return node
}
