import { ConnectException } from '../api/errors.ts'

/** Bytes or text that a serialisation format does not allow. Mostly the cause of a DataException. Apache Kafka, SerializationException. */
export class SerializationException extends ConnectException {
  static override readonly javaName = 'org.apache.kafka.common.errors.SerializationException'
}
