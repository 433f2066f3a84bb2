/** Shown in the list of plugins and in the log. */
export const version = '0.1.0'
