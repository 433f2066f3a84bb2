import { runConnectStandalone } from '../connect-standalone.ts'
import type { Command } from '../standpipe.ts'

export const command: Command = { run: runConnectStandalone }
