/** The slice of WebAssembly used here; TypeScript has it in its DOM library only. */
export interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** Undefined where the runtime has none (`node --jitless`). */
export const webAssembly = (globalThis as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly
