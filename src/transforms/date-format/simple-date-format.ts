import { compileFormatter } from './date-formatter.ts'
import { compileParser } from './date-parser.ts'
import { parseDatePattern } from './date-pattern.ts'

/**
 * Dates as text by a pattern such as `yyyy-MM-dd'T'HH:mm:ss.SSS`, in UTC and English. Reads leniently and leaves out what follows.
 * As java.text.SimpleDateFormat, on Java's calendar: Julian before 15 October 1582.
 */
export class SimpleDateFormat {
  readonly pattern: string
  /** The text of a time in milliseconds since the epoch. */
  readonly format: (ms: number) => string
  /** The time in milliseconds since the epoch; null: the text does not fit. */
  readonly parse: (text: string) => number | null

  /** @param now decides what years of two digits mean @throws Error with Java's sentence for a pattern that is none */
  constructor(pattern: string, now: number = Date.now()) {
    const parts = parseDatePattern(pattern)
    this.pattern = pattern
    this.format = compileFormatter(parts)
    this.parse = compileParser(parts, now)
  }
}
