import { randomUUID } from 'node:crypto'
import { BroadcastChannel } from 'node:worker_threads'
import { ConnectException, DataException, RetriableException } from '../../../src/api/index.ts'
import type { CallName, ErrorSpec, Facts, FromStory, FromTask, Outcome, Step } from './dialogue.ts'

/** A task's side of the dialogue: announces calls, takes the steps that the story answers with. */
export class Actor {
  readonly #channel: BroadcastChannel
  readonly #task: number
  readonly #life = randomUUID()
  readonly #answers = new Map<string, (steps: readonly Step[]) => void>()
  #calls = 0

  constructor(story: string, task: number) {
    this.#task = task
    this.#channel = new BroadcastChannel(story)
    this.#channel.onmessage = (event) => this.#receive((event as { data: FromStory }).data)
    this.#channel.unref()
  }

  /** Announces a call without waiting for an answer. */
  note(name: CallName, facts: Facts, threw: string | null = null): void {
    this.#done(this.#announce(name, facts), { threw })
  }

  /**
   * Announces a call, waits for the story's answer and takes its steps.
   * @param take takes the steps that only this kind of task knows
   */
  async act(name: CallName, facts: Facts, take: (step: Step) => Promise<Partial<Outcome> | void> | void): Promise<void> {
    const id = this.#announce(name, facts)
    const { promise, resolve } = Promise.withResolvers<readonly Step[]>()
    this.#answers.set(id, resolve)
    let outcome: Outcome = { threw: null }
    try {
      for (const step of await promise) {
        throwOrCrash(step)
        outcome = { ...outcome, ...(await take(step)) }
      }
    } catch (error) {
      outcome = { ...outcome, threw: String(error) }
      throw error
    } finally {
      this.#done(id, outcome)
    }
  }

  close(): void {
    this.#channel.close()
  }

  #announce(name: CallName, facts: Facts): string {
    const id = `${this.#life}/${++this.#calls}`
    this.#send({ type: 'call', id, name, task: this.#task, life: this.#life, facts })
    return id
  }

  #done(id: string, outcome: Outcome): void {
    this.#send({ type: 'done', id, outcome })
  }

  #send(message: FromTask): void {
    this.#channel.postMessage(message)
  }

  #receive({ type, id, steps }: FromStory): void {
    if (type === 'answer') this.#answers.get(id)?.(steps)
    this.#answers.delete(id)
  }
}

/** Steps that any task can take. */
function throwOrCrash(step: Step): void {
  if (step.do === 'throw') throw errorOf(step.error)
  if (step.do === 'crash')
    setImmediate(() => {
      throw new Error(step.message)
    })
  if (step.do === 'block') for (const end = Date.now() + step.ms; Date.now() < end;);
}

const errorClasses = { RetriableException, DataException, ConnectException, Error } as const

export function errorOf({ type, message, code, cause }: ErrorSpec): Error {
  const error = new errorClasses[type](message, cause === undefined ? {} : { cause: errorOf(cause) })
  return code === undefined ? error : Object.assign(error, { code })
}

/** Resolves when the task shall stop. */
export async function stopOf(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
