/** A configuration as its file has it: key to untrimmed text. Made by `Object.fromEntries`, so that any key is data. */
export type Props = Readonly<Record<string, string>>
