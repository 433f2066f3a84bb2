import type { ServerError } from '../bulk/bulk-answer.ts'

/** As Elasticsearch's Java client words an error: what dead letter headers and traces of the Java sink show. */
export function serverErrorText(error: ServerError): string {
  return `Elasticsearch exception [type=${error.type}, reason=${error.reason}]`
}

/** The same with its causes. @param outer Java's simple class name of the outermost exception */
export function nestedErrorText(error: ServerError, outer = 'ElasticsearchException'): string {
  const texts = [`${outer}[${serverErrorText(error)}]`]
  for (let cause = error.causedBy; cause !== null; cause = cause.causedBy) texts.push(`ElasticsearchException[${serverErrorText(cause)}]`)
  return texts.length === 1 ? texts.join('') : `${texts.join('; nested: ')};`
}

/** Type and reason without what servers quote of a document: for the log, which shows no contents of records. */
export function safeErrorText({ type, reason }: ServerError): string {
  return `${type}: ${reason.replace(/ in document with id '[^]*| ?Preview of field's value[^]*/, '')}`
}
