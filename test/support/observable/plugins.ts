/** Plugins of stories, for `plugin.path`: lanes load them as they load anybody's. */
import type { Plugin } from '../../../src/api/index.ts'
import { FaultyTransformation } from './faulty-transformation.ts'
import { LineStoreSinkConnector } from './line-store-sink.ts'
import { ObservableSinkConnector } from './observable-sink.ts'
import { IdleSourceConnector, ObservableSourceConnector } from './observable-source.ts'

export const plugins: readonly Plugin[] = [
  { kind: 'sink', className: 'test.ObservableSinkConnector', version: '1', load: () => Promise.resolve(ObservableSinkConnector) },
  { kind: 'source', className: 'test.ObservableSourceConnector', version: '1', load: () => Promise.resolve(ObservableSourceConnector) },
  { kind: 'source', className: 'test.IdleSourceConnector', version: '1', load: () => Promise.resolve(IdleSourceConnector) },
  { kind: 'sink', className: 'test.LineStoreSinkConnector', version: '1', load: () => Promise.resolve(LineStoreSinkConnector) },
  { kind: 'transformation', className: 'test.FaultyTransformation', version: '1', load: () => Promise.resolve(FaultyTransformation) },
]
