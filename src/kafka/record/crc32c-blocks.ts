/**
 * CRC-32C of blocks of 2 KiB with 16-byte vectors: three to four times as fast as table look-ups one after the other.
 *
 * A block is taken as 16 stripes of 128 bytes, whose checksums run side by side from 0: lane i of the vectors c0–c3 holds the four
 * bytes of stripe i's checksum, lowest first. A step is the common `crc = table[(crc ^ byte) & 0xff] ^ (crc >>> 8)`. The table of 256
 * becomes two of 16, for the lower and the upper half of the byte (the checksum is linear), so that one instruction looks up all 16
 * lanes. The stripes are transposed before, so that a vector has one byte of each. Afterwards each stripe's checksum is moved over
 * the stripes behind it (look-ups again) and added. What came before the block is added to its first four bytes.
 */
import { crcAfterZeros, crcOfByte } from './crc32c-tables.ts'
import {
  assemble,
  getLocal,
  I32_ADD,
  i32Const,
  loopWhile,
  setLocal,
  teeLocal,
  VECTOR_AND,
  VECTOR_LOOK_UP,
  VECTOR_SHIFT_RIGHT,
  VECTOR_XOR,
  vectorLoad,
  vectorShuffle,
  vectorStore,
  type Code,
} from './wasm-assembler.ts'
import { webAssembly } from './web-assembly.ts'

export const BLOCK_BYTES = 2048
const STRIPES = 16
const STRIPE_BYTES = BLOCK_BYTES / STRIPES
const LANES = 16

// the first page of the memory: tables, mask and result; the second one: input
const LOWER_TABLES = 0
const UPPER_TABLES = 64
const MASK = 128
const RESULT = 144
const INPUT = 65536
const INPUT_BYTES = 65536

// locals of the function
const BLOCK = 0
const ROUNDS = 1
const CRC = 2
const LOWER_TABLE = 6
const UPPER_TABLE = 10
const MASK_VECTOR = 14
const LOWER_HALF = 15
const UPPER_HALF = 16
const ROWS = 17
const OTHER_ROWS = 33
const V128_LOCALS = 47

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  /** Leaves the checksums of the stripes of the block at this address in `RESULT`, 4 bytes each, little-endian. */
  checksum(block: number, rounds: number): void
}

/** Checksums of whole blocks. One instance serves all; nothing is kept between calls. */
export class BlockChecksum {
  readonly #exports: Exports
  readonly #memory: DataView
  readonly #input: Uint8Array
  readonly #overStripe = stripeTables()

  private constructor(exports: Exports) {
    this.#exports = exports
    this.#memory = new DataView(exports.memory.buffer)
    this.#input = new Uint8Array(exports.memory.buffer, INPUT, INPUT_BYTES)
    writeConstants(new Uint8Array(exports.memory.buffer))
  }

  /** @returns null where the runtime or the processor lacks the vectors; the caller has another way */
  static create(): BlockChecksum | null {
    if (webAssembly === undefined) return null
    try {
      const module = new webAssembly.Module(assemble(checksumFunction(), 2))
      return new BlockChecksum(new webAssembly.Instance(module).exports as Exports)
    } catch (error) {
      if (error instanceof Error && error.name === 'CompileError') return null
      throw error
    }
  }

  /**
   * The running checksum (not inverted) after the first bytes, at least 4 and at most a block: zeros before them change nothing,
   * as long as the checksum starts, with all bits set, where they start.
   */
  first(bytes: Uint8Array, length: number): number {
    const start = BLOCK_BYTES - length
    this.#input.fill(0, 0, start)
    this.#input.set(new Uint8Array(bytes.buffer, bytes.byteOffset, length), start)
    this.#memory.setInt32(INPUT + start, ~this.#memory.getInt32(INPUT + start, true), true)
    return this.#updateBlock(0, INPUT)
  }

  /** The running checksum (not inverted) after the rest of the bytes from `start`, which must be whole blocks. */
  update(crc: number, bytes: Uint8Array, start: number): number {
    for (let from = start; from < bytes.length; from += INPUT_BYTES) {
      const length = Math.min(INPUT_BYTES, bytes.length - from)
      this.#input.set(new Uint8Array(bytes.buffer, bytes.byteOffset + from, length))
      for (let at = INPUT; at < INPUT + length; at += BLOCK_BYTES) crc = this.#updateBlock(crc, at)
    }
    return crc
  }

  #updateBlock(crc: number, at: number): number {
    const memory = this.#memory
    const overStripe = this.#overStripe
    memory.setInt32(at, memory.getInt32(at, true) ^ crc, true)
    this.#exports.checksum(at, STRIPE_BYTES / LANES)
    let sum = 0
    for (let stripe = RESULT; stripe < RESULT + 4 * STRIPES; stripe += 4) {
      sum =
        (overStripe[sum & 0xff] ?? 0) ^
        (overStripe[0x100 | ((sum >>> 8) & 0xff)] ?? 0) ^
        (overStripe[0x200 | ((sum >>> 16) & 0xff)] ?? 0) ^
        (overStripe[0x300 | (sum >>> 24)] ?? 0) ^
        memory.getInt32(stripe, true)
    }
    return sum
  }
}

/** For each byte of a checksum and each value of it: what a stripe of zeros makes of it. */
function stripeTables(): Int32Array {
  return Int32Array.from({ length: 4 * 256 }, (_, at) => crcAfterZeros((at & 0xff) << (8 * (at >>> 8)), STRIPE_BYTES))
}

function writeConstants(memory: Uint8Array): void {
  for (let half = 0; half < 16; half++) {
    for (let byte = 0; byte < 4; byte++) {
      memory[LOWER_TABLES + 16 * byte + half] = crcOfByte(half) >>> (8 * byte)
      memory[UPPER_TABLES + 16 * byte + half] = crcOfByte(half << 4) >>> (8 * byte)
    }
  }
  memory.fill(0x0f, MASK, MASK + LANES)
}

function checksumFunction() {
  const round = [
    ...loadRows(),
    ...transposeRows(),
    ...inTurn(LANES, (column) => step(ROWS + column)),
    ...[...getLocal(BLOCK), ...i32Const(LANES), ...I32_ADD, ...setLocal(BLOCK)],
    ...[...getLocal(ROUNDS), ...i32Const(-1), ...I32_ADD, ...teeLocal(ROUNDS)],
  ]
  const body = [...loadConstants(), ...loopWhile(round), ...storeResult()]
  return { name: 'checksum', parameters: 2, i32Locals: 0, v128Locals: V128_LOCALS, body }
}

function loadConstants(): Code {
  const load = (local: number, at: number): Code => [...i32Const(0), ...vectorLoad(at), ...setLocal(local)]
  const tables = inTurn(4, (byte) => [
    ...load(LOWER_TABLE + byte, LOWER_TABLES + 16 * byte),
    ...load(UPPER_TABLE + byte, UPPER_TABLES + 16 * byte),
  ])
  return [...tables, ...load(MASK_VECTOR, MASK)]
}

/** 16 bytes of each stripe. */
function loadRows(): Code {
  return inTurn(STRIPES, (stripe) => [...getLocal(BLOCK), ...vectorLoad(stripe * STRIPE_BYTES), ...setLocal(ROWS + stripe)])
}

/** Rows i and i + 8 interleaved to rows 2i and 2i + 1: done four times, rows have become columns. */
function transposeRows(): Code {
  return inTurn(4, (pass) => {
    const [from, to] = pass % 2 === 0 ? [ROWS, OTHER_ROWS] : [OTHER_ROWS, ROWS]
    return inTurn(8, (row) => [
      ...[...getLocal(from + row), ...getLocal(from + row + 8), ...vectorShuffle(interleaved(1, 0)), ...setLocal(to + 2 * row)],
      ...[...getLocal(from + row), ...getLocal(from + row + 8), ...vectorShuffle(interleaved(1, 8)), ...setLocal(to + 2 * row + 1)],
    ])
  })
}

/** The next byte of every stripe. */
function step(column: number): Code {
  const lookUp = (byte: number): Code => [
    ...[...getLocal(LOWER_TABLE + byte), ...getLocal(LOWER_HALF), ...VECTOR_LOOK_UP],
    ...[...getLocal(UPPER_TABLE + byte), ...getLocal(UPPER_HALF), ...VECTOR_LOOK_UP, ...VECTOR_XOR],
  ]
  return [
    ...[...getLocal(CRC), ...getLocal(column), ...VECTOR_XOR, ...teeLocal(UPPER_HALF)],
    ...[...getLocal(MASK_VECTOR), ...VECTOR_AND, ...setLocal(LOWER_HALF)],
    ...[...getLocal(UPPER_HALF), ...i32Const(4), ...VECTOR_SHIFT_RIGHT, ...setLocal(UPPER_HALF)],
    ...inTurn(3, (byte) => [...lookUp(byte), ...getLocal(CRC + byte + 1), ...VECTOR_XOR, ...setLocal(CRC + byte)]),
    ...[...lookUp(3), ...setLocal(CRC + 3)],
  ]
}

/** From one vector for each byte of the checksums to one checksum after the other. */
function storeResult(): Code {
  const pairs = (low: number, first: number, to: number): Code => [
    ...[...getLocal(low), ...getLocal(low + 1), ...vectorShuffle(interleaved(1, first)), ...setLocal(to)],
  ]
  const store = (lower: number, upper: number, first: number, at: number): Code => [
    ...[...i32Const(0), ...getLocal(lower), ...getLocal(upper), ...vectorShuffle(interleaved(2, first)), ...vectorStore(at)],
  ]
  return [
    ...[...pairs(CRC, 0, ROWS), ...pairs(CRC, 8, ROWS + 1), ...pairs(CRC + 2, 0, ROWS + 2), ...pairs(CRC + 2, 8, ROWS + 3)],
    ...[...store(ROWS, ROWS + 2, 0, RESULT), ...store(ROWS, ROWS + 2, 8, RESULT + 16)],
    ...[...store(ROWS + 1, ROWS + 3, 0, RESULT + 32), ...store(ROWS + 1, ROWS + 3, 8, RESULT + 48)],
  ]
}

/** Lanes that take units of `width` bytes from two vectors by turns, from byte `first` of each. */
function interleaved(width: number, first: number): number[] {
  return Array.from({ length: LANES }, (_, lane) => {
    const unit = Math.floor(lane / width)
    return first + (unit % 2) * LANES + Math.floor(unit / 2) * width + (lane % width)
  })
}

function inTurn(count: number, code: (index: number) => Code): Code {
  return Array.from({ length: count }, (_, index) => code(index)).flat()
}
