export { ElasticsearchSinkConnector } from './elasticsearch-sink-connector.ts'
