import packageJson from '../package.json' with { type: 'json' }

/** This package's version; also what our plugins report as theirs. */
export const standpipeVersion: string = packageJson.version
