import { crc32 } from 'node:zlib'
import { ConnectException } from '../api/errors.ts'
import type { OffsetEntry } from './offset-backing-store.ts'

/**
 * The bytes of an offset journal, version 1. Big-endian.
 *
 *     file    := header commit*
 *     header  := "standpipe offsets 1\n"
 *     commit  := length:u32 headCrc:u32 payload payloadCrc:u32 "end\n"     length counts the payload, headCrc covers the length
 *     payload := count:u32 entry*
 *     entry   := keyLength:i32 key valueLength:i32 value                   -1: null
 *
 * One commit holds what one `set` wrote: it counts as a whole or not at all. What a crash leaves of a commit is a shorter one at the end
 * of the file, or one whose end is zeros (the size reached the disk before the data): both are cut off. Each part has a checksum of its own,
 * the length too, so that no single wrong byte elsewhere can pass for such an end.
 */
export const journalHeader = Buffer.from('standpipe offsets 1\n')
const headerPrefix = 'standpipe offsets '
const commitMark = Buffer.from('end\n')
const headBytes = 8
const tailBytes = 4 + commitMark.length

/** A journal's commits, and how much of the file they take; what follows is the torn end of a commit that was never reported as done. */
export interface JournalContent {
  readonly entries: readonly OffsetEntry[]
  /** Length of the file up to the last whole commit; 0: not even the header is whole. */
  readonly wholeBytes: number
}

/** Whether a file begins as a journal of any version does, be it cut off within its header. */
export function isOffsetJournal(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, headerPrefix.length) === headerPrefix || isTornHeader(bytes)
}

function isTornHeader(bytes: Buffer): boolean {
  return bytes.length < journalHeader.length && journalHeader.subarray(0, bytes.length).equals(bytes)
}

/** One commit, ready to append. */
export function encodeCommit(entries: readonly OffsetEntry[]): Buffer {
  const payload = encodePayload(entries)
  const commit = Buffer.allocUnsafe(headBytes + payload.length + tailBytes)
  commit.writeUInt32BE(payload.length, 0)
  commit.writeUInt32BE(crc32(commit.subarray(0, 4)), 4)
  payload.copy(commit, headBytes)
  const tail = headBytes + payload.length
  commit.writeUInt32BE(crc32(payload), tail)
  commitMark.copy(commit, tail + 4)
  return commit
}

/**
 * Reads a whole journal.
 * @param file its name, for messages
 * @throws ConnectException when it is damaged anywhere but at its end
 */
export function readOffsetJournal(bytes: Buffer, file: string): JournalContent {
  if (isTornHeader(bytes)) return { entries: [], wholeBytes: 0 }
  if (!bytes.subarray(0, journalHeader.length).equals(journalHeader)) throw unknownVersion(bytes, file)
  const entries: OffsetEntry[] = []
  let at = journalHeader.length
  while (at < bytes.length) {
    const payload = payloadAt(bytes, at, file)
    if (payload === null) break
    for (const entry of decodePayload(payload)) entries.push(entry)
    at += headBytes + payload.length + tailBytes
  }
  return { entries, wholeBytes: at }
}

/** @returns null where the file ends within a commit */
function payloadAt(bytes: Buffer, at: number, file: string): Buffer | null {
  const left = bytes.length - at
  if (left < headBytes) return null
  const length = bytes.readUInt32BE(at)
  if (crc32(bytes.subarray(at, at + 4)) !== bytes.readUInt32BE(at + 4)) {
    if (isZero(bytes, at + headBytes)) return null
    throw damaged(file, at, 'the length of a commit does not match its checksum')
  }
  const size = headBytes + length + tailBytes
  if (left < size) return null
  const tail = at + headBytes + length
  const payload = bytes.subarray(at + headBytes, tail)
  const isWhole = crc32(payload) === bytes.readUInt32BE(tail) && commitMark.equals(bytes.subarray(tail + 4, tail + tailBytes))
  if (isWhole) return payload
  if (left === size && isZero(bytes, tail + 4)) return null
  throw damaged(file, at, 'a commit does not match its checksum')
}

/** Whether the file holds only zeros from there on. */
function isZero(bytes: Buffer, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0) return false
  return true
}

function encodePayload(entries: readonly OffsetEntry[]): Buffer {
  const parts = [uint(entries.length)]
  for (const { key, value } of entries) parts.push(...encodeBytes(key), ...encodeBytes(value))
  return Buffer.concat(parts)
}

function encodeBytes(bytes: Buffer | null): Buffer[] {
  return bytes === null ? [Buffer.from([0xff, 0xff, 0xff, 0xff])] : [uint(bytes.length), bytes]
}

function uint(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** The payload has passed its checksum, so it is what `encodePayload` made. */
function decodePayload(payload: Buffer): OffsetEntry[] {
  let at = 4
  const next = (): Buffer | null => {
    const length = payload.readInt32BE(at)
    at += 4
    if (length < 0) return null
    return Buffer.from(payload.subarray(at, (at += length)))
  }
  return Array.from({ length: payload.readUInt32BE(0) }, () => ({ key: next(), value: next() }))
}

function unknownVersion(bytes: Buffer, file: string): ConnectException {
  const found = JSON.stringify(bytes.toString('latin1', 0, journalHeader.length))
  return new ConnectException(
    `Offset journal ${file} begins with ${found} at byte 0, where ${JSON.stringify(journalHeader.toString())} was expected: it is damaged or was written by another version of standpipe. ${advice}`,
  )
}

function damaged(file: string, at: number, reason: string): ConnectException {
  return new ConnectException(
    `Offset journal ${file} is damaged at byte ${at}: ${reason}. The worker does not start, since it would lose the offsets stored after that byte. ${advice}`,
  )
}

const advice =
  'Restore the file from a backup, or move it away to start without offsets (sources then begin anew); offset.storage.file.filename names it'
