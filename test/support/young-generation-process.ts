/** Makes objects of which many live for a while, with the heap settings if the argument is `limited`, and prints how large the young generation became. */
import { setImmediate as turn } from 'node:timers/promises'
import { getHeapSpaceStatistics } from 'node:v8'
import { useHeapSettings } from '../../src/cli/heap-settings.ts'

if (process.argv[2] === 'limited') useHeapSettings()
const living: object[] = []
let largest = 0
for (let pass = 0; pass < 60; pass++) {
  for (let index = 0; index < 100_000; index++) living[index % 60_000] = { index, list: [pass], text: `x${index}` }
  await turn()
  largest = Math.max(largest, getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0)
}
console.log(Math.round(largest / 1e6))
