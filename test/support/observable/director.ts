import { BroadcastChannel } from 'node:worker_threads'
import type { SourceOffset } from '../../../src/api/index.ts'
import type { CallName, Facts, FromStory, FromTask, Outcome, RecordFacts, Step } from './dialogue.ts'

/** One call of the runtime to a task, as the story sees it. */
export interface Call {
  readonly name: CallName
  readonly task: number
  /** Differs from one incarnation of the task to the next. */
  readonly life: string
  /** Of all calls of this name, from 1. */
  readonly nth: number
  readonly facts: Facts
  /** Null: still under way. */
  outcome: Outcome | null
}

export type Answer = Step | readonly Step[] | void
/** What a task shall do inside a call. A promise that stays open keeps the task inside it. */
export type Part = (call: Call) => Answer | Promise<Answer>
export type Script = Partial<Record<CallName, Part>>

/** How long a story waits for what must come, before it fails with what came instead. */
const patienceMs = 45_000

/** The story's side of the dialogue: answers each call as the script says, and keeps what happened. */
export class Director {
  readonly calls: Call[] = []
  readonly #channel: BroadcastChannel
  readonly #byId = new Map<string, Call>()
  readonly #script: Script
  readonly #counts = new Map<CallName, number>()
  #changed = Promise.withResolvers<void>()
  #over = Promise.withResolvers<void>()
  #isOver = false
  #mistake: Error | null = null

  constructor(story: string, script: Script) {
    this.#script = script
    this.#channel = new BroadcastChannel(story)
    this.#channel.onmessage = (event) => this.#receive((event as { data: FromTask }).data)
  }

  of(name: CallName): readonly Call[] {
    return this.calls.filter((call) => call.name === name)
  }

  /** Names of the calls so far, without those given and without repeats of the one before. */
  order(...without: readonly CallName[]): readonly CallName[] {
    const names = this.calls.map(({ name }) => name).filter((name) => !without.includes(name))
    return names.filter((name, index) => name !== names[index - 1])
  }

  /** Values of all records whose `put` returned, in order. */
  get delivered(): readonly unknown[] {
    return this.#putRecords((call) => call.outcome?.threw === null).map(({ value }) => value)
  }

  /** Values of the records of each `put` that had any, whatever came of it. */
  get batches(): readonly (readonly unknown[])[] {
    const puts = this.of('put').map(({ facts }) => (facts.records ?? []).map(({ value }) => value))
    return puts.filter(({ length }) => length > 0)
  }

  /** Records of all puts that returned. */
  get records(): readonly RecordFacts[] {
    return this.#putRecords((call) => call.outcome?.threw === null)
  }

  /** Values that commitRecord was called for: with their offset in Kafka, null for those that were dropped. */
  get committedRecords(): readonly (readonly [unknown, number | null])[] {
    return this.of('commitRecord').map(({ facts }) => [facts.committed?.value, facts.committed?.metadata?.offset ?? null])
  }

  /** What steps `readOffsets` found, the latest. */
  get stored(): readonly (SourceOffset | null)[] | undefined {
    return this.calls.findLast(({ outcome }) => outcome?.stored !== undefined)?.outcome?.stored
  }

  /** Waits until the story has come so far. @throws Error with what happened instead */
  async until(condition: () => boolean): Promise<void> {
    const timer = setTimeout(() => this.#fail(`Waited ${patienceMs} ms for ${String(condition)}`), patienceMs)
    try {
      while (!condition()) {
        if (this.#mistake !== null) throw this.#mistake
        await this.#changed.promise
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Waits for the nth call of this name to have begun. */
  async called(name: CallName, nth = 1): Promise<Call> {
    await this.until(() => this.of(name).length >= nth)
    return this.of(name)[nth - 1]!
  }

  /** Waits for the nth call of this name to have ended. */
  async ended(name: CallName, nth = 1): Promise<Call> {
    await this.until(() => (this.of(name)[nth - 1]?.outcome ?? null) !== null)
    return this.of(name)[nth - 1]!
  }

  /** Waits for one more whole call of this name to begin and end after now. */
  async next(name: CallName): Promise<Call> {
    return this.ended(name, this.of(name).length + 1)
  }

  /** The story is told: whoever still waits for an answer gets one. */
  release(): void {
    this.#isOver = true
    this.#over.resolve()
  }

  close(): void {
    this.release()
    this.#channel.close()
  }

  /** The calls as lines, for a story that went wrong. */
  toString(): string {
    return this.calls.map((call) => `${call.name} ${JSON.stringify(call.facts)} → ${JSON.stringify(call.outcome)}`).join('\n')
  }

  #putRecords(which: (call: Call) => boolean): readonly RecordFacts[] {
    return this.of('put')
      .filter(which)
      .flatMap(({ facts }) => facts.records ?? [])
  }

  #receive(message: FromTask): void {
    if (message.type === 'call') void this.#answer(message)
    else this.#end(message)
    this.#announce()
  }

  async #answer({ id, name, task, life, facts }: Extract<FromTask, { type: 'call' }>): Promise<void> {
    const nth = (this.#counts.get(name) ?? 0) + 1
    this.#counts.set(name, nth)
    const call: Call = { name, task, life, nth, facts, outcome: null }
    this.calls.push(call)
    this.#byId.set(id, call)
    const steps = this.#isOver ? [] : await Promise.race([this.#stepsFor(call), this.#over.promise])
    this.#send({ type: 'answer', id, steps: steps ?? [] })
  }

  async #stepsFor(call: Call): Promise<readonly Step[]> {
    try {
      const answer = await this.#script[call.name]?.(call)
      if (answer === undefined) return []
      return 'do' in answer ? [answer] : answer
    } catch (error) {
      this.#fail(`The script failed in ${call.name}: ${String(error)}`)
      return []
    }
  }

  #end({ id, outcome }: Extract<FromTask, { type: 'done' }>): void {
    const call = this.#byId.get(id)
    if (call !== undefined) call.outcome = outcome
    this.#byId.delete(id)
  }

  #send(message: FromStory): void {
    this.#channel.postMessage(message)
  }

  #fail(message: string): void {
    this.#mistake ??= new Error(`${message}. The task was called so far:\n${this.toString()}`)
    this.#announce()
  }

  #announce(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }
}
