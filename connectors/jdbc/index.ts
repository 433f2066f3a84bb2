export { AivenJdbcSinkConnector, DebeziumJdbcSinkConnector, JdbcSinkConnector } from './sink/jdbc-sink-connector.ts'
export { AivenJdbcSourceConnector, JdbcSourceConnector } from './source/jdbc-source-connector.ts'
