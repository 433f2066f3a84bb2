import { onTestFinished } from 'vitest'
import type { Logger } from '../../../src/api/logger.ts'
import { ClusterMetadata, type ClusterMetadataOptions } from '../../../src/kafka/cluster-metadata.ts'
import { KafkajsTransport, type KafkajsTransportOptions } from '../../../src/kafka/kafkajs/transport.ts'
import { RetryBackoff } from '../../../src/kafka/retry-backoff.ts'
import type { Transport } from '../../../src/kafka/transport.ts'

/** Keeps the lines from info upwards. */
export class RecordedLog implements Logger {
  readonly lines: string[] = []

  trace(): void {}

  debug(): void {}

  info(message: string): void {
    this.lines.push(`INFO ${message}`)
  }

  warn(message: string): void {
    this.lines.push(`WARN ${message}`)
  }

  error(message: string): void {
    this.lines.push(`ERROR ${message}`)
  }

  child(): Logger {
    return this
  }
}

/** A transport to a `bootstrap.servers` list, with short waits; closed when the test ends. */
export function openTransport(bootstrapServers: string, options: Partial<KafkajsTransportOptions> = {}): KafkajsTransport {
  const transport = new KafkajsTransport({
    bootstrapServers: bootstrapServers.split(',').map(hostPort),
    clientId: 'test',
    requestTimeoutMs: 10_000,
    connectTimeoutMs: 5_000,
    connectTimeoutMaxMs: 10_000,
    reconnectBackoffMs: 10,
    reconnectBackoffMaxMs: 50,
    maxIdleMs: 60_000,
    tls: null,
    sasl: null,
    log: new RecordedLog(),
    ...options,
  })
  onTestFinished(() => transport.close())
  return transport
}

/** Metadata over a transport, with short waits; closed when the test ends. */
export function openMetadata(transport: Transport, options: Partial<ClusterMetadataOptions> = {}): ClusterMetadata {
  const metadata = new ClusterMetadata({
    transport,
    maxAgeMs: 300_000,
    backoff: new RetryBackoff(10, 50),
    allowAutoTopicCreation: false,
    log: new RecordedLog(),
    ...options,
  })
  onTestFinished(() => metadata.close())
  return metadata
}

function hostPort(server: string): { host: string; port: number } {
  const colon = server.lastIndexOf(':')
  return { host: server.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(server.slice(colon + 1)) }
}
