/**
 * snappy and lz4 frames in WebAssembly. The module traps on malformed input and leaks what it held, so that after some
 * 250 traps good input fails too; and its memory never shrinks. Hence one instance that is given up after a trap or when it has grown large.
 */
import { nativeWasm } from './native-wasm.ts'
import { webAssembly } from './web-assembly.ts'

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  alloc(bytes: number): number
  dealloc(pointer: number, bytes: number): void
  /** Pointer in the high, length in the low half; the caller frees it. */
  lz4_compress(pointer: number, bytes: number): bigint
  lz4_decompress(pointer: number, bytes: number): bigint
  snappy_compress(pointer: number, bytes: number): bigint
  snappy_decompress(pointer: number, bytes: number): bigint
}

export type NativeFunction = 'lz4_compress' | 'lz4_decompress' | 'snappy_compress' | 'snappy_decompress'

const FIRST_INPUT_BYTES = 64 * 1024
/** Memory an idle instance may keep. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024

class NativeCodec {
  readonly #exports: Exports
  #inputBytes = FIRST_INPUT_BYTES
  #inputAt: number
  #input: Uint8Array

  constructor(exports: Exports) {
    this.#exports = exports
    this.#inputAt = this.#exports.alloc(this.#inputBytes)
    this.#input = new Uint8Array(this.#exports.memory.buffer, this.#inputAt, this.#inputBytes)
  }

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength
  }

  call(name: NativeFunction, bytes: Uint8Array): Buffer {
    this.#setInput(bytes)
    const result = this.#exports[name](this.#inputAt, bytes.length)
    const pointer = Number(BigInt.asUintN(32, result >> 32n))
    const length = Number(BigInt.asUintN(32, result))
    const output = Buffer.allocUnsafeSlow(length)
    output.set(new Uint8Array(this.#exports.memory.buffer, pointer, length))
    this.#exports.dealloc(pointer, length)
    return output
  }

  #setInput(bytes: Uint8Array): void {
    // a view loses its length when the memory grows
    if (this.#input.length < bytes.length) this.#growInput(bytes.length)
    this.#input.set(bytes)
  }

  #growInput(bytes: number): void {
    if (this.#inputBytes < bytes) {
      this.#exports.dealloc(this.#inputAt, this.#inputBytes)
      this.#inputBytes = Math.max(bytes, 2 * this.#inputBytes)
      this.#inputAt = this.#exports.alloc(this.#inputBytes)
    }
    this.#input = new Uint8Array(this.#exports.memory.buffer, this.#inputAt, this.#inputBytes)
  }
}

let module: object | undefined
let codec: NativeCodec | undefined

/**
 * Compresses or decompresses into a buffer of its own.
 * @throws WebAssembly.RuntimeError for malformed input. There is no bound on the output: check before calling.
 */
export function callNative(name: NativeFunction, bytes: Uint8Array): Buffer {
  const current = (codec ??= newCodec())
  codec = undefined
  const output = current.call(name, bytes)
  if (current.memoryBytes <= MAX_KEPT_BYTES) codec = current
  return output
}

function newCodec(): NativeCodec {
  if (webAssembly === undefined) throw new Error('snappy and lz4 need WebAssembly, which this runtime does not have (node --jitless)')
  module ??= new webAssembly.Module(Buffer.from(nativeWasm, 'base64'))
  // the module is pinned as text, and the codec's tests call every export
  return new NativeCodec(new webAssembly.Instance(module).exports as Exports)
}
