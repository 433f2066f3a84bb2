/** Just enough of the WebAssembly binary format to write one function with 16-byte vectors. Instructions are lists of bytes. */
export type Code = readonly number[]

const I32 = 0x7f
const V128 = 0x7b

export const getLocal = (local: number): Code => [0x20, local]
export const setLocal = (local: number): Code => [0x21, local]
export const teeLocal = (local: number): Code => [0x22, local]
/** Pushes a small constant, -64 to 63. */
export const i32Const = (value: number): Code => [0x41, value & 0x7f]
export const I32_ADD: Code = [0x6a]
/** Repeats the body while it leaves a number that is not 0. */
export const loopWhile = (body: Code): Code => [0x03, 0x40, ...body, 0x0d, 0, 0x0b]

/** Reads 16 bytes at the address on the stack plus `offset`. */
export const vectorLoad = (offset: number): Code => [...simd(0x00), 0, ...unsigned(offset)]
export const vectorStore = (offset: number): Code => [...simd(0x0b), 0, ...unsigned(offset)]
/** Picks 16 bytes of the two vectors on the stack: 0–15 of the first, 16–31 of the second. */
export const vectorShuffle = (lanes: readonly number[]): Code => [...simd(0x0d), ...lanes]
/** For each byte of the upper vector, which must be 0–15, the byte of the lower one at that place. */
export const VECTOR_LOOK_UP: Code = simd(0x100)
export const VECTOR_XOR: Code = simd(0x51)
export const VECTOR_AND: Code = simd(0x4e)
/** Shifts each byte right. */
export const VECTOR_SHIFT_RIGHT: Code = simd(0x6d)

function simd(opcode: number): Code {
  return [0xfd, ...unsigned(opcode)]
}

function unsigned(value: number): Code {
  const bytes: number[] = []
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80)
  return [...bytes, value]
}

export interface WasmFunction {
  readonly name: string
  /** Parameters, all i32; they are the first locals. */
  readonly parameters: number
  /** Further locals: first all i32, then all v128. */
  readonly i32Locals: number
  readonly v128Locals: number
  readonly body: Code
}

/** A module that exports one function without result, and its memory as `memory`. */
export function assemble({ name, parameters, i32Locals, v128Locals, body }: WasmFunction, memoryPages: number): Uint8Array {
  const code = [2, ...unsigned(i32Locals), I32, ...unsigned(v128Locals), V128, ...body, 0x0b]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, parameters, ...new Array<number>(parameters).fill(I32), 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, ...unsigned(memoryPages)]),
    ...section(7, [2, ...text('memory'), 2, 0, ...text(name), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ])
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content]
}

function text(name: string): Code {
  return [name.length, ...Buffer.from(name)]
}
