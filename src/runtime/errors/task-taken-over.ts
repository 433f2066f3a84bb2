import { ConnectException } from '../../api/errors.ts'

/** Another worker does this task's work now. Starting it again by itself would take the work back, and so on for ever. */
export class TaskTakenOverException extends ConnectException {
  constructor(transactionalId: string, cause: unknown) {
    super(
      `Another producer has taken over the transactional id ${transactionalId}, so this task is fenced: most likely a second worker runs a connector of this name. Nothing is lost or written twice: what this task had not committed is read again by the other one. Stop one of the two workers, or give its connector another name (or the worker another group.id). This task is not restarted by itself; restart it to take the work back`,
      { cause },
    )
  }
}
