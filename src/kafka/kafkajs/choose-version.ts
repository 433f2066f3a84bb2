import { unsupportedVersion } from '../errors.ts'
import type { ApiVersions } from '../protocol/api-versions.ts'
import type { ApiRequest } from '../transport.ts'

/**
 * The highest version both sides know.
 * @throws KafkaError UNSUPPORTED_VERSION naming broker, API and both ranges
 */
export function chooseVersion(
  request: Pick<ApiRequest<unknown>, 'apiKey' | 'apiName' | 'minVersion' | 'maxVersion'>,
  versions: ApiVersions,
  broker: string,
): number {
  const { apiKey, apiName, minVersion, maxVersion } = request
  const range = versions[apiKey]
  if (range === undefined) {
    throw unsupportedVersion(
      `The node does not support ${apiName} (${broker}). standpipe needs it in a version from ${minVersion} to ${maxVersion}`,
    )
  }
  const version = Math.min(maxVersion, range.maxVersion)
  if (version >= minVersion && version >= range.minVersion) return version
  throw unsupportedVersion(
    `The node does not support ${apiName} with version in range [${minVersion},${maxVersion}]. ` +
      `The supported range is [${range.minVersion},${range.maxVersion}] (${broker})`,
  )
}
