import { expect, test } from 'vitest'
import type { Logger } from '../../../src/api/logger.ts'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'

class ContextLogger extends CollectingLogger {
  readonly contexts: string[] = []

  override child = (context?: string): Logger => {
    this.contexts.push(context ?? '')
    return this
  }
}

test('each client logs under the name that Java gives it', async () => {
  const log = new ContextLogger()
  const clients = createKafkaClients()
  const servers = { 'bootstrap.servers': '127.0.0.1:9' }
  const opened = await Promise.all([
    clients.producer({ ...servers, 'client.id': 'p' }, log),
    clients.producer({ ...servers, 'client.id': 'p', 'transactional.id': 't' }, log),
    clients.consumer({ ...servers, 'client.id': 'c', 'group.id': 'g' }, log),
    clients.consumer({ ...servers, 'client.id': 'c', 'group.id': 'g', 'group.instance.id': 'i' }, log),
    clients.consumer({ ...servers, 'client.id': 'c' }, log),
    clients.admin({ ...servers, 'client.id': 'a' }, log),
  ])
  await Promise.all(opened.map((client) => client.close()))
  expect(log.contexts).toEqual([
    '[Producer clientId=p]',
    '[Producer clientId=p, transactionalId=t]',
    '[Consumer clientId=c, groupId=g]',
    '[Consumer instanceId=i, clientId=c, groupId=g]',
    '[Consumer clientId=c, groupId=null]',
    '[AdminClient clientId=a]',
  ])
})

test('a client without client.id is numbered', async () => {
  const log = new ContextLogger()
  const consumer = () => createKafkaClients().consumer({ 'bootstrap.servers': '127.0.0.1:9', 'group.id': 'numbered' }, log)
  for (const each of [await consumer(), await consumer()]) await each.close()
  expect(log.contexts).toEqual([1, 2].map((number) => `[Consumer clientId=consumer-numbered-${number}, groupId=numbered]`))
})
