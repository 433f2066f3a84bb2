import { asKafkaError, groupNotAuthorized, kafkaError, type KafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { ApiRequest, Channel, SendOptions, Transport } from '../transport.ts'

/** The broker that coordinates our group, on a connection of its own: a JoinGroup blocks it until the whole group has joined. */
export class GroupCoordinator {
  readonly groupId: string
  readonly #transport: Transport
  readonly #metadata: Metadata
  readonly #signal: AbortSignal

  constructor(groupId: string, transport: Transport, metadata: Metadata, signal: AbortSignal) {
    this.groupId = groupId
    this.#transport = transport
    this.#metadata = metadata
    this.#signal = signal
  }

  /** Looks for the coordinator when it is not known. When it cannot be reached it is looked for again next time. */
  send<Response>(request: ApiRequest<Response>, options?: SendOptions): Promise<Response> {
    return this.#sendOn('coordinator', request, options)
  }

  /** As `send`, past a JoinGroup that may be in flight. */
  sendAside<Response>(request: ApiRequest<Response>): Promise<Response> {
    return this.#sendOn('control', request)
  }

  async #sendOn<Response>(channel: Channel, request: ApiRequest<Response>, options?: SendOptions): Promise<Response> {
    const node = await this.#metadata.coordinator('group', this.groupId, this.#signal)
    try {
      return await this.#transport.send(node, channel, request, options)
    } catch (thrown) {
      const error = asKafkaError(thrown)
      if (error.refresh !== 'none') this.forget()
      throw error
    }
  }

  forget(): void {
    this.#metadata.forgetCoordinator('group', this.groupId)
  }

  /** The error a coordinator answered; one that says it moved makes us look for it again. */
  error(code: number): KafkaError {
    if (code === GROUP_AUTHORIZATION_FAILED) return groupNotAuthorized(this.groupId)
    const error = kafkaError(code)
    if (error.refresh === 'coordinator' || code === REQUEST_TIMED_OUT) this.forget()
    return error
  }
}

const REQUEST_TIMED_OUT = 7
const GROUP_AUTHORIZATION_FAILED = 30
