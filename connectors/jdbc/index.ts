export { AivenJdbcSinkConnector, DebeziumJdbcSinkConnector, JdbcSinkConnector } from './sink/jdbc-sink-connector.ts'
