import { runConnectStandalone, useHeapSettings } from '../connect-standalone.ts'
import type { Command } from '../standpipe.ts'

export const command: Command = {
  run(argv) {
    useHeapSettings()
    return runConnectStandalone(argv)
  },
}
