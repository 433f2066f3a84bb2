import type { ConnectionSettings, TargetServerType } from './connection-settings.ts'
import type { HostAddress } from './jdbc-url.ts'

/** What a server says of itself: a standby, or one whose sessions may only read, is no primary. */
export type ServerRole = 'primary' | 'secondary'

/** The hosts in the order to try them in. */
export function hostsToTry(settings: Pick<ConnectionSettings, 'hosts' | 'loadsBalanced'>, random: () => number): readonly HostAddress[] {
  if (!settings.loadsBalanced) return settings.hosts
  return settings.hosts
    .map((host) => ({ host, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ host }) => host)
}

/** Whether a server of that role will do at once, will do when nothing better is found, or not at all. */
export function fitness(wanted: TargetServerType, role: ServerRole): 'good' | 'second best' | 'unfit' {
  switch (wanted) {
    case 'any':
      return 'good'
    case 'primary':
    case 'secondary':
      return wanted === role ? 'good' : 'unfit'
    case 'preferPrimary':
      return role === 'primary' ? 'good' : 'second best'
    case 'preferSecondary':
      return role === 'secondary' ? 'good' : 'second best'
  }
}
