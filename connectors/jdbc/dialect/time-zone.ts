import { utcFields } from './calendar.ts'

const minuteMs = 60_000
/** No zone changes its offset more often than at quarters of an hour. */
const quarterMs = 15 * minuteMs
const mostCached = 100_000

/** Java's short ids (ZoneId.SHORT_IDS), which its configuration keys let pass. */
const shortIds: Readonly<Record<string, string>> = {
  ...{
    ACT: 'Australia/Darwin',
    AET: 'Australia/Sydney',
    AGT: 'America/Argentina/Buenos_Aires',
    ART: 'Africa/Cairo',
    AST: 'America/Anchorage',
  },
  ...{
    BET: 'America/Sao_Paulo',
    BST: 'Asia/Dhaka',
    CAT: 'Africa/Harare',
    CNT: 'America/St_Johns',
    CST: 'America/Chicago',
    CTT: 'Asia/Shanghai',
  },
  ...{
    EAT: 'Africa/Addis_Ababa',
    ECT: 'Europe/Paris',
    EST: '-05:00',
    HST: '-10:00',
    IET: 'America/Indiana/Indianapolis',
    IST: 'Asia/Kolkata',
  },
  ...{ JST: 'Asia/Tokyo', MIT: 'Pacific/Apia', MST: '-07:00', NET: 'Asia/Yerevan', NST: 'Pacific/Auckland', PLT: 'Asia/Karachi' },
  ...{
    PNT: 'America/Phoenix',
    PRT: 'America/Puerto_Rico',
    PST: 'America/Los_Angeles',
    SST: 'Pacific/Guadalcanal',
    VST: 'Asia/Ho_Chi_Minh',
  },
}

/** The rules of one time zone: what wall clocks show at an instant. */
export class TimeZone {
  readonly name: string
  /** Null: it changes. */
  readonly #fixedMs: number | null
  readonly #format: Intl.DateTimeFormat | null
  readonly #offsets = new Map<number, number>()
  #lastQuarter = Number.NaN
  #lastOffset = 0

  private constructor(name: string, fixedMs: number | null) {
    this.name = name
    this.#fixedMs = fixedMs
    this.#format = fixedMs === null ? wallClock(name) : null
  }

  static readonly utc = new TimeZone('UTC', 0)

  /** By Java's zone id: `Europe/Paris`, `+02:00`, `UTC+2`, `Z`, `EST`. Null: there is no such zone. */
  static of(id: string): TimeZone | null {
    const name = Object.hasOwn(shortIds, id) ? (shortIds[id] ?? id) : id
    const fixed = fixedOffsetMs(name)
    if (fixed !== null) return fixed === 0 ? TimeZone.utc : new TimeZone(name, fixed)
    try {
      return /^[A-Za-z]/.test(name) && isRegion(name) ? new TimeZone(name, null) : null
    } catch {
      return null // Intl knows no such zone
    }
  }

  /** Milliseconds to add to an instant (since 1970, UTC) to get what wall clocks show. */
  offsetAt(ms: number): number {
    if (this.#fixedMs !== null) return this.#fixedMs
    const quarter = Math.floor(ms / quarterMs)
    if (quarter === this.#lastQuarter) return this.#lastOffset
    let offset = this.#offsets.get(quarter)
    if (offset === undefined) {
      if (this.#offsets.size >= mostCached) this.#offsets.clear()
      offset = this.#computedOffset(ms)
      this.#offsets.set(quarter, offset)
    }
    this.#lastQuarter = quarter
    return (this.#lastOffset = offset)
  }

  #computedOffset(ms: number): number {
    const wholeSecond = Math.floor(ms / 1000) * 1000
    const parts: Record<string, number> = {}
    let isBeforeChrist = false
    for (const { type, value } of this.#format?.formatToParts(wholeSecond) ?? []) {
      if (type === 'era') isBeforeChrist = value === 'BC' || value === 'B'
      else if (type !== 'literal') parts[type] = Number(value)
    }
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    const wall = new Date(0)
    wall.setUTCFullYear(isBeforeChrist ? 1 - year : year, month - 1, day)
    wall.setUTCHours(hour, minute, second)
    return wall.getTime() - wholeSecond
  }
}

/** Offsets of a wall clock as SQL writes them: `+00`, `-04`, `+05:30`, `-04:56:02`. */
export function offsetText(offsetMs: number): string {
  const { hour, minute, second } = utcFields(Math.abs(offsetMs))
  const two = (value: number) => String(value).padStart(2, '0')
  const seconds = second === 0 ? '' : `:${two(second)}`
  const minutes = minute === 0 && second === 0 ? '' : `:${two(minute)}`
  return `${offsetMs < 0 ? '-' : '+'}${two(hour)}${minutes}${seconds}`
}

function isRegion(name: string): boolean {
  return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
}

function fixedOffsetMs(id: string): number | null {
  if (['UTC', 'GMT', 'UT', 'Z', 'Etc/UTC'].includes(id)) return 0
  const [, sign, hours = '', minutes = '0', seconds = '0'] = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?$/.exec(id) ?? []
  if (sign === undefined || Number(hours) > 18 || Number(minutes) > 59 || Number(seconds) > 59) return null
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -ms : ms
}

function wallClock(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
}
