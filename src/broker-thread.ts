/** What the embedded broker's thread runs first: a thread has a compile cache of its own. */
import module from 'node:module'

module.enableCompileCache()
await import('./broker-thread-main.ts')
