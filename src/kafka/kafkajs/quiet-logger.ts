import type { KafkajsLogger } from 'kafkajs/src/network/connection.js'

const nothing = (): void => undefined

/** kafkajs logs each failed attempt at error level. The transport reports connections itself, once per change. */
export const quietLogger: KafkajsLogger = { namespace: () => quietLogger, debug: nothing, info: nothing, warn: nothing, error: nothing }
