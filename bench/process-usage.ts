import { readFileSync } from 'node:fs'

/** Linux counts CPU time in hundredths of a second on every platform Node runs on. */
const TICKS_PER_SECOND = 100

/** CPU seconds, user and system, of all threads of a process since it began; null when it has ended. */
export function cpuSeconds(pid: number): number | null {
  const stat = readProc(pid, 'stat')
  if (stat === null) return null
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

export interface Memory {
  /** The most the process ever held (VmHWM). */
  readonly peakMb: number
  readonly nowMb: number
}

export function memory(pid: number): Memory | null {
  const status = readProc(pid, 'status')
  if (status === null) return null
  const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0)
  return kilobytes('VmRSS') === 0 ? null : { peakMb: kilobytes('VmHWM') / 1024, nowMb: kilobytes('VmRSS') / 1024 }
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return null // the process has ended
  }
}
