import { Serializer, Transport } from '@elastic/elasticsearch'

type TransportOptions = ConstructorParameters<typeof Transport>[0]

/**
 * One transport for Elasticsearch 7, 8, 9 and OpenSearch: content types are plain (`application/json`, `application/x-ndjson`)
 * where the client of version 9 would ask for a server of version 9, and the product is not checked.
 */
export class PlainTransport extends Transport {
  constructor(options: TransportOptions) {
    const { productCheck: _productCheck, vendoredHeaders: _vendoredHeaders, ...plain } = options
    super(plain)
  }
}

/** Leaves answers as text: who asked knows how much of it to read. */
export class TextSerializer extends Serializer {
  override deserialize<T = unknown>(json: string): T {
    return json as T
  }
}
