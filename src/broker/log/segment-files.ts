const OFFSET_DIGITS = 20

/** A file's name without its ending: the offset of the first record it may hold. */
export function fileStem(offset: number): string {
  return String(offset).padStart(OFFSET_DIGITS, '0')
}

export const logFile = (baseOffset: number): string => `${fileStem(baseOffset)}.log`
export const offsetIndexFile = (baseOffset: number): string => `${fileStem(baseOffset)}.index`
export const timeIndexFile = (baseOffset: number): string => `${fileStem(baseOffset)}.timeindex`
export const transactionIndexFile = (baseOffset: number): string => `${fileStem(baseOffset)}.txnindex`
export const snapshotFile = (offset: number): string => `${fileStem(offset)}.snapshot`

/** Every file of a segment, the one with the records last. */
export function segmentFiles(baseOffset: number): readonly string[] {
  return [offsetIndexFile, timeIndexFile, transactionIndexFile, logFile].map((name) => name(baseOffset))
}

/** The offset in a name with this ending, or null for a name of another kind. */
export function offsetOf(name: string, ending: string): number | null {
  return name.length === OFFSET_DIGITS + ending.length && name.endsWith(ending) && /^\d+$/.test(name.slice(0, OFFSET_DIGITS))
    ? Number(name.slice(0, OFFSET_DIGITS))
    : null
}
