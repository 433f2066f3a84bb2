export { FileStreamSinkConnector } from './file-stream-sink-connector.ts'
export { FileStreamSourceConnector } from './file-stream-source-connector.ts'
