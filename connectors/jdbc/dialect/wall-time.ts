import type { TimeZone } from './time-zone.ts'
import { dayMs } from './calendar.ts'

/**
 * The instant at which a wall clock of the zone shows a time. An hour that comes twice is taken in standard time, one that is left out is
 * counted on from before it: as GregorianCalendar does. @param wall what the clock shows, as milliseconds since 1970 shown
 */
export function instantOfWallTime(zone: TimeZone, wall: number): number {
  const before = zone.offsetAt(wall - dayMs)
  const after = zone.offsetAt(wall + dayMs)
  if (before === after) return wall - before
  const isBefore = zone.offsetAt(wall - before) === before
  const isAfter = zone.offsetAt(wall - after) === after
  if (isBefore !== isAfter) return wall - (isBefore ? before : after)
  return wall - Math.min(before, after)
}
