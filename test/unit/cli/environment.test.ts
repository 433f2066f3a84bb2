import { describe, expect, it } from 'vitest'
import { readEnvironment } from '../../../src/cli/environment.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'

describe('environment variables', () => {
  it.each([
    ['CONNECT_BOOTSTRAP_SERVERS', 'bootstrap.servers'],
    ['CONNECT_KEY_CONVERTER_SCHEMAS_ENABLE', 'key.converter.schemas.enable'],
    ['CONNECT_PRODUCER_LINGER_MS', 'producer.linger.ms'],
    ['CONNECT_REST_ADVERTISED_HOST_NAME', 'rest.advertised.host.name'],
    ['CONNECT_METRICS_CONTEXT_MY__LABEL', 'metrics.context.my_label'],
    ['CONNECT_CONFIG_PROVIDERS_MY___FILE_CLASS', 'config.providers.my-file.class'],
  ])('%s sets %s', (variable, key) => {
    expect(readEnvironment({ [variable]: '007' }).workerProps).toEqual({ [key]: '007' })
  })

  it('win over the worker file, and the log says so without their values', () => {
    const log = new CollectingLogger()
    const environment = readEnvironment({ CONNECT_SASL_JAAS_CONFIG: 'hush', CONNECT_GROUP_ID: 'g' })
    expect(environment.applyTo({ 'sasl.jaas.config': 'file', other: 'x' }, log)).toEqual({
      'sasl.jaas.config': 'hush',
      'group.id': 'g',
      other: 'x',
    })
    expect(log.lines).toEqual([
      'INFO group.id is set by the variable CONNECT_GROUP_ID',
      'INFO sasl.jaas.config is set by the variable CONNECT_SASL_JAAS_CONFIG, in place of the worker file',
    ])
  })

  it('of container images that configure Java are no worker keys', () => {
    const log = new CollectingLogger()
    const environment = readEnvironment({
      CONNECT_LOG4J_LOGGERS: 'a=DEBUG',
      CONNECT_CUB_KAFKA_TIMEOUT: '1',
      CONNECT_LOG4J_ROOT_LOGLEVEL: 'FATAL',
    })
    expect(environment.applyTo({}, log)).toEqual({})
    expect(environment.logLevel).toBe('error')
    expect(log.lines).toHaveLength(2)
  })

  it('set log level, log format and strictness', () => {
    expect(readEnvironment({ STANDPIPE_LOG_LEVEL: 'Debug', STANDPIPE_LOG_FORMAT: 'json', STANDPIPE_STRICT: 'true' })).toMatchObject({
      logLevel: 'debug',
      logFormat: 'json',
      strict: true,
    })
  })

  it('with a value that cannot be read keep the default and are warned about', () => {
    const log = new CollectingLogger()
    const environment = readEnvironment({ STANDPIPE_LOG_LEVEL: 'LOUD' })
    environment.applyTo({}, log)
    expect(environment.logLevel).toBe('info')
    expect(log.lines[0]).toContain('Invalid value LOUD for configuration STANDPIPE_LOG_LEVEL')
  })

  it('that are unknown are warned about, with the name that was meant', () => {
    const log = new CollectingLogger()
    readEnvironment({ STANDPIPE_LOG_FROMAT: 'json', STANDPIPE_TEST_KAFKA: 'x' }).applyTo({}, log)
    expect(log.lines).toEqual(['WARN The variable STANDPIPE_LOG_FROMAT is not known and has no effect. Did you mean STANDPIPE_LOG_FORMAT'])
  })
})
