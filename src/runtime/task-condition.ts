import type { TaskCondition } from './state.ts'

/** The condition as status and log show it: `RETRYING since 2026-11-21T10:00:00.000Z (attempt 7, next at …) because …`. */
export function taskConditionText(condition: TaskCondition): string {
  const { kind, since, because } = condition
  const attempt = 'attempts' in condition ? ` (attempt ${condition.attempts}, next at ${isoTime(condition.nextAt)})` : ''
  return `${kind} since ${isoTime(since)}${attempt} because ${because}`
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
