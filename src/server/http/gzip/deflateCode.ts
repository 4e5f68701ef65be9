/** A prefix code of deflate (RFC 1951) made of how often symbols are met, as tables that a loop looks up, and as the bits that tell a reader of it. */

/** Bits, the first one lowest. */
export interface Bits {
  readonly bits: number;
  readonly count: number;
}

/** Deflate's own bound. */
const CODE_BITS_MAX = 15;
/** A table's entry: the bits, and their count above them. */
const COUNT_SHIFT = 27;

const END_OF_BLOCK = 256;
const LENGTHS_FROM = 257;
const LENGTH_MIN = 3;
export const LENGTH_MAX = 258;

/** In which lengths of the codes of code lengths are written. */
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

export interface DeflateCode {
  /** By byte. */
  readonly literals: Int32Array;
  /** By length, extra bits with it. */
  readonly lengths: Int32Array;
  /** By distance up to the largest asked for, extra bits with it. */
  readonly distances: Int32Array;
  /** What a last block begins with. */
  readonly header: readonly Bits[];
  readonly end: Bits;
}

/**
 * @param literalWeights by byte, 1 at least.
 * @param lengthWeights by symbol of a length, 29 of them. @param distanceWeights by symbol of a distance, those up to `distanceMax`.
 */
export function deflateCode(
  literalWeights: readonly number[],
  lengthWeights: readonly number[],
  distanceWeights: readonly number[],
  distanceMax: number,
): DeflateCode {
  const symbolLengths = codeLengths([...literalWeights, 1, ...lengthWeights]);
  const distanceLengths = codeLengths(distanceWeights);
  const symbols = codesOf(symbolLengths);
  const distances = codesOf(distanceLengths);
  return {
    literals: Int32Array.from(symbols.slice(0, END_OF_BLOCK), entryOf),
    lengths: withExtraBits(symbols.slice(LENGTHS_FROM), LENGTH_STEPS, LENGTH_MIN, LENGTH_MAX),
    distances: withExtraBits(distances, DISTANCE_STEPS, 1, distanceMax),
    header: headerOf(symbolLengths, distanceLengths),
    end: symbols[END_OF_BLOCK],
  };
}

/** Extra bits by symbol. The last length has a symbol of its own. */
const LENGTH_STEPS = [...Array.from({ length: 28 }, (_, k) => Math.max(0, (k >> 2) - 1)), 0];
const DISTANCE_STEPS = Array.from({ length: 30 }, (_, k) => Math.max(0, (k >> 1) - 1));

function withExtraBits(codes: readonly Bits[], steps: readonly number[], from: number, to: number): Int32Array {
  const table = new Int32Array(to + 1);
  let first = from;
  codes.forEach(({ bits, count }, symbol) => {
    // The longest match is not written as the one before its symbol with all extra bits set.
    const start = symbol === 28 && to === LENGTH_MAX ? LENGTH_MAX : first;
    for (let k = 0; k < 1 << steps[symbol] && start + k <= to; k++)
      table[start + k] = entryOf({ bits: bits | (k << count), count: count + steps[symbol] });
    first = start + (1 << steps[symbol]);
  });
  return table;
}

/** @throws Error where the extra bits leave too little room; our own mistake in the weights. */
function entryOf({ bits, count }: Bits): number {
  if (count > COUNT_SHIFT) throw new Error('a code and its extra bits are too long');
  return bits | (count << COUNT_SHIFT);
}

/** Of a Huffman tree. @throws Error where a symbol is so rare that its code would be too long. */
function codeLengths(weights: readonly number[]): number[] {
  interface Tree {
    readonly weight: number;
    readonly symbols: readonly number[];
  }
  const lengths = new Array<number>(weights.length).fill(0);
  const trees: Tree[] = weights.map((weight, symbol) => ({ weight, symbols: [symbol] }));
  while (trees.length > 1) {
    trees.sort((a, b) => b.weight - a.weight);
    const [a, b] = [trees.pop()!, trees.pop()!];
    const symbols = [...a.symbols, ...b.symbols];
    for (const symbol of symbols) lengths[symbol]++;
    trees.push({ weight: a.weight + b.weight, symbols });
  }
  if (Math.max(...lengths) > CODE_BITS_MAX) throw new Error('a weight is too small beside the others');
  return lengths;
}

/** Canonical: shorter codes first, equal ones in the order of their symbols. Turned round, as a reader takes a code's highest bit first. */
function codesOf(lengths: readonly number[]): Bits[] {
  const codes = lengths.map((): Bits => ({ bits: 0, count: 0 }));
  let code = 0;
  for (let count = 1; count <= CODE_BITS_MAX; count++, code <<= 1) {
    lengths.forEach((length, symbol) => {
      if (length === count) codes[symbol] = { bits: reversed(code++, count), count };
    });
  }
  return codes;
}

function reversed(code: number, count: number): number {
  let bits = 0;
  for (let k = 0; k < count; k++) bits |= ((code >> k) & 1) << (count - 1 - k);
  return bits;
}

/** Last block, its code told: how many lengths there are, and each by itself. */
function headerOf(symbolLengths: readonly number[], distanceLengths: readonly number[]): Bits[] {
  // All alike: these bits are few.
  const lengths = codeLengths(LENGTHS_ORDER.map(() => 1));
  const codes = codesOf(lengths);
  return [
    { bits: 0b101, count: 3 },
    { bits: symbolLengths.length - LENGTHS_FROM, count: 5 },
    { bits: distanceLengths.length - 1, count: 5 },
    { bits: LENGTHS_ORDER.length - 4, count: 4 },
    ...LENGTHS_ORDER.map((length) => ({ bits: lengths[length], count: 3 })),
    ...[...symbolLengths, ...distanceLengths].map((length) => codes[length]),
  ];
}
