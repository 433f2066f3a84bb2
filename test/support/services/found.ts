/** A server that tests need: there, or why it cannot be had. */
export type Found<Server> = { readonly server: Server } | { readonly missing: string }

/**
 * Starts a server or looks for one. Where none can be had, on a machine without Java or network, its suites are skipped so that the
 * other tests can still be run there; under CI=true no test against a server may be left out.
 * @throws under CI=true: why there is none
 */
export async function found<Server>(start: () => Promise<Server>): Promise<Found<Server>> {
  try {
    return { server: await start() }
  } catch (error) {
    if (process.env.CI === 'true') throw error
    return { missing: error instanceof Error ? error.message : String(error) }
  }
}
