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

test('a client without client.id is called as Java calls it: numbered over all groups, or by an identity of its own', async () => {
  const log = new ContextLogger()
  const clients = createKafkaClients()
  const servers = { 'bootstrap.servers': '127.0.0.1:9' }
  for (const open of [
    () => clients.producer(servers, log),
    () => clients.producer({ ...servers, 'transactional.id': 'pay' }, log),
    () => clients.producer({ ...servers, 'client.id': '' }, log),
    () => clients.producer(servers, log),
    () => clients.consumer(servers, log),
    () => clients.consumer({ ...servers, 'group.id': 'g' }, log),
    () => clients.consumer({ ...servers, 'group.id': 'h', 'group.instance.id': 'i' }, log),
    () => clients.consumer({ ...servers, 'group.id': 'h', 'client.id': '' }, log),
    () => clients.admin(servers, log),
    () => clients.admin({ ...servers, 'client.id': '' }, log),
  ]) {
    await (await open()).close()
  }
  expect(log.contexts.map((context) => / clientId=([^,\]]*)/.exec(context)?.[1])).toEqual([
    'producer-1',
    'producer-pay',
    '',
    'producer-2',
    'consumer-null-1',
    'consumer-g-2',
    'consumer-h-i',
    'consumer-h-3',
    'adminclient-1',
    'adminclient-2',
  ])
})
