import { setTimeout as delay } from 'node:timers/promises'
import type { TaskStatus } from '../../../src/runtime/state.ts'
import type { TaskHostListener } from '../../../src/runtime/task-host.ts'

/** Keeps what a task host reports. */
export class TaskStatuses implements TaskHostListener {
  readonly all: TaskStatus[] = []

  taskStatusChanged(status: TaskStatus): void {
    this.all.push(status)
  }

  /** States of a task in the order they were reported. */
  statesOf(task: number): string[] {
    return this.all.filter(({ id }) => id.task === task).map(({ state }) => state)
  }

  last(task: number): TaskStatus | undefined {
    return this.all.findLast(({ id }) => id.task === task)
  }

  /** Waits until that is the task's state; the test's own time limit ends it. */
  async reaches(task: number, state: TaskStatus['state']): Promise<TaskStatus> {
    for (;;) {
      const last = this.last(task)
      if (last?.state === state) return last
      await delay(2)
    }
  }
}
