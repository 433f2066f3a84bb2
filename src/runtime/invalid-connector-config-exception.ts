import { ConfigException } from '../api/errors.ts'
import { invalidConfigText, type ConfigInfos } from './config-infos.ts'

/** A connector's configuration was validated and has errors. The text is Connect's, with every message; `problems` says which key each is about. */
export class InvalidConnectorConfigException extends ConfigException {
  readonly problems: readonly { readonly key: string; readonly message: string }[]

  constructor(infos: ConfigInfos) {
    super(invalidConfigText(infos))
    this.problems = infos.configs.flatMap(({ value }) => value.errors.map((message) => ({ key: value.name, message })))
  }
}
