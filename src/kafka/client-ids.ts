/*
 * How clients are called that the user gave no `client.id`. As in Apache Kafka 4.3 each kind counts for itself, over all groups, and
 * what has a fixed identity (a transactional producer, a static member) is called by that instead.
 */

let producers = 0
let consumers = 0
let admins = 0

export function defaultProducerId(transactionalId: string | null): string {
  return `producer-${transactionalId ?? ++producers}`
}

export function defaultConsumerId(groupId: string | null, groupInstanceId: string | null): string {
  return `consumer-${groupId}-${groupInstanceId ?? ++consumers}`
}

export function defaultAdminId(): string {
  return `adminclient-${++admins}`
}
