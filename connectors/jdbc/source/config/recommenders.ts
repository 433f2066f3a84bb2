import { ConfigException, type ConfigInput, type Recommender } from 'standpipe/api'

/** Of no use with anything: `query.masked` is not shown. */
export const hidden: Recommender = { validValues: () => [], visible: () => false }

/** Shows a key in these modes only. Confluent and Aiven, JdbcSourceConnectorConfig.ModeDependentsRecommender */
export function inModes(...modes: readonly string[]): Recommender {
  return {
    validValues(_name, parsed) {
      checkMode(parsed.get('mode'))
      return []
    },
    visible: (_name, parsed) => parsed.get('mode') === null || modes.includes(String(parsed.get('mode'))),
  }
}

/** Of `timestamp.initial`, which Confluent's recommender knows in no mode. */
export const inNoMode = inModes()

const knownModes: ReadonlySet<unknown> = new Set(['bulk', 'timestamp', 'incrementing', 'timestamp+incrementing', 'cdc'])

/** @param mode null: it is missing, which its own key says */
function checkMode(mode: ConfigInput | undefined): void {
  if (mode === null || knownModes.has(mode)) return
  if (mode === '') throw new ConfigException('Query mode must be specified')
  throw new ConfigException(`Invalid mode: ${String(mode)}`)
}
