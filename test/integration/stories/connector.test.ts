import { expect } from 'vitest'
import { describeConcurrentStories } from '../../support/observable/stage.ts'

const fails = (call: string) => ({ 'observable.connector.fails': call })

describeConcurrentStories('a connector', {}, (story) => {
  story('whose start throws is not created: it is there as FAILED, has no tasks, and a new configuration mends it', async (scene) => {
    const topic = await scene.topic()
    const sink = scene.uncreated({}, topic, { ...scene.sinkProps(topic), ...fails('start') })
    await expect(sink.create()).rejects.toThrow('the connector cannot start')
    expect(sink.own).toMatchObject({ state: 'FAILED', kind: 'sink' })
    expect(sink.own?.trace).toContain('the connector cannot start')
    expect(sink.status()).toBeUndefined()
    await scene.produce(topic, ['a'])
    await sink.reconfigure(fails('nothing'))
    await sink.commits(1)
    expect(sink.own).toEqual({ name: sink.name, kind: 'sink', state: 'RUNNING' })
  })

  story('whose taskConfigs throws is not created either, and nobody waits for it', async (scene) => {
    const topic = await scene.topic()
    const sink = scene.uncreated({}, topic, { ...scene.sinkProps(topic), ...fails('taskConfigs') })
    await expect(sink.create()).rejects.toThrow('the connector cannot taskConfigs')
    expect(sink.own).toMatchObject({ state: 'FAILED' })
    expect(sink.status()).toBeUndefined()
  })

  story('whose stop throws is deleted all the same, with a line in the log', async (scene) => {
    const sink = await scene.sink({}, { config: fails('stop') })
    await sink.director.ended('put')
    await sink.delete()
    expect(sink.logged('Connector failed to stop', 'ERROR')).toHaveLength(1)
    expect(scene.stage.herder.connectors()).not.toContain(sink.name)
  })

  story('that raises an error is FAILED, while its tasks go on; restarted, it is RUNNING', async (scene) => {
    const sink = await scene.sink({})
    await sink.director.ended('put')
    sink.tell({ type: 'fail', error: { type: 'ConnectException', message: 'the table is gone' } })
    await scene.until(() => sink.own?.state === 'FAILED')
    expect(sink.own?.trace).toContain('the table is gone')
    await scene.produce(sink.topic, ['a'])
    await sink.commits(1)
    expect(sink.status()?.state).toBe('RUNNING')
    await scene.stage.herder.restartConnector(sink.name)
    expect(sink.own?.state).toBe('RUNNING')
    expect(sink.director.of('start')).toHaveLength(1)
  })

  story('that asks for other tasks gets them, and every task starts anew', async (scene) => {
    const source = await scene.source({}, { config: { 'tasks.max': '3', 'observable.tasks': '1' } })
    await source.director.ended('poll')
    source.tell({ type: 'reconfigure', tasks: 3 })
    await source.director.until(() => source.director.of('start').length === 4)
    for (const task of [0, 1, 2]) await source.reaches('RUNNING', task)
  })

  story('that asks for the same tasks leaves them running', async (scene) => {
    const source = await scene.source({}, { config: { 'tasks.max': '2', 'observable.tasks': '2' } })
    await source.director.until(() => source.director.of('start').length === 2)
    source.tell({ type: 'reconfigure', tasks: 2 })
    source.emit({ value: 'a' })
    expect(await scene.values(source.topic, 1)).toEqual(['a'])
    expect(source.director.of('stop')).toHaveLength(0)
  })

  story('that asks for more tasks than it may keeps those it has, and the log says so', async (scene) => {
    const source = await scene.source({}, { config: { 'observable.tasks': '1' } })
    await source.director.ended('poll')
    source.tell({ type: 'reconfigure', tasks: 2 })
    await scene.until(() =>
      scene.stage.log.lines.some(({ message }) => message.includes(`Connector ${source.name} asked for new task configurations`)),
    )
    source.emit({ value: 'a' })
    expect(await scene.values(source.topic, 1)).toEqual(['a'])
  })

  story('created STOPPED has no tasks before it is resumed', async (scene) => {
    const sink = await scene.sink({}, { values: ['a'], initialState: 'STOPPED' })
    expect([sink.own?.state, sink.status()]).toEqual(['STOPPED', undefined])
    await sink.resume()
    await sink.commits(1)
    expect(sink.own?.state).toBe('RUNNING')
  })

  story('stopped is STOPPED with no task left, and its group has no member', async (scene) => {
    const sink = await scene.sink({}, { values: ['a'] })
    await sink.commits(1)
    await sink.stop()
    expect([sink.own?.state, sink.status()]).toEqual(['STOPPED', undefined])
    expect(await scene.stage.admin.describeGroup(sink.group)).toMatchObject({ members: [] })
  })

  story('of a name that is there already is refused, and that one goes on', async (scene) => {
    const sink = await scene.sink({})
    await expect(scene.stage.herder.putConnectorConfig(sink.name, sink.config)).rejects.toThrow(`Connector ${sink.name} already exists`)
    await scene.produce(sink.topic, ['a'])
    await sink.commits(1)
  })

  story('with a wrong configuration is refused with every reason, and leaves nothing behind', async (scene) => {
    const topic = await scene.topic()
    const sink = scene.uncreated({}, topic, { ...scene.sinkProps(topic), 'tasks.max': '0', 'errors.tolerance': 'some' })
    const refusal = sink.create()
    await expect(refusal).rejects.toThrow('contains the following 2 error(s)')
    await expect(refusal).rejects.toThrow('errors.tolerance')
    expect(scene.stage.herder.connectors()).not.toContain(sink.name)
  })

  story('with a wrong new configuration keeps the old one, and its tasks', async (scene) => {
    const sink = await scene.sink({})
    await sink.director.ended('put')
    await expect(sink.reconfigure({ 'tasks.max': 'many' })).rejects.toThrow('tasks.max')
    await scene.produce(sink.topic, ['a'])
    await sink.commits(1)
    expect(sink.director.of('start')).toHaveLength(1)
    expect(scene.stage.herder.connectorInfo(sink.name).config['tasks.max']).toBeUndefined()
  })
})
