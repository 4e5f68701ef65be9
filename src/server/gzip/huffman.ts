/** Huffman codes as deflate has them (RFC 1951, 3.2.2). */

/**
 * @param counts how often each symbol comes; of two symbols at least it is more than 0, and the sum is below 2^23.
 * @returns lengths in bits; 0 for what does not come.
 */
export function codeLengths(counts: Uint32Array, lengthMax: number): Uint8Array {
  const lengths = new Uint8Array(counts.length);
  const sorted = sortedSymbols(counts);
  const n = sorted.length;
  // Leaves in order, then what joins two of them or of what was joined: in order as well.
  const weights = new Float64Array(2 * n - 1);
  const parents = new Uint16Array(2 * n - 1);
  for (let i = 0; i < n; i++) weights[i] = sorted[i] >>> SYMBOL_BITS;
  let leaf = 0;
  let joined = n;
  for (let next = n; next < 2 * n - 1; next++) {
    for (let twice = 0; twice < 2; twice++) {
      const least = leaf < n && (joined >= next || weights[leaf] <= weights[joined]) ? leaf++ : joined++;
      weights[next] += weights[least];
      parents[least] = next;
    }
  }
  const depths = new Uint8Array(2 * n - 1);
  for (let i = 2 * n - 3; i >= 0; i--) depths[i] = depths[parents[i]] + 1;
  // The rarest is the deepest.
  if (depths[0] > lengthMax) return codeLengths(counts.map(halved), lengthMax);
  for (let i = 0; i < n; i++) lengths[sorted[i] & SYMBOL_MASK] = depths[i];
  return lengths;
}

const SYMBOL_BITS = 9;
const SYMBOL_MASK = 2 ** SYMBOL_BITS - 1;
const halved = (count: number) => (count + 1) >>> 1;

/** Counts with their symbols, ascending. */
function sortedSymbols(counts: Uint32Array): Uint32Array {
  const sorted = new Uint32Array(counts.length);
  let n = 0;
  for (let i = 0; i < counts.length; i++) if (counts[i] > 0) sorted[n++] = (counts[i] << SYMBOL_BITS) | i;
  return sorted.subarray(0, n).sort();
}

/** The codes of these lengths, the first bit lowest. */
export function codesOf(lengths: Uint8Array): Uint16Array {
  const next = new Uint16Array(17);
  for (const length of lengths) if (length > 0) next[length + 1]++;
  for (let length = 1; length < 17; length++) next[length] = (next[length] + next[length - 1]) << 1;
  const codes = new Uint16Array(lengths.length);
  for (let i = 0; i < lengths.length; i++) if (lengths[i] > 0) codes[i] = reversed(next[lengths[i]]++, lengths[i]);
  return codes;
}

function reversed(code: number, length: number): number {
  let bits = 0;
  for (let i = 0; i < length; i++) bits |= ((code >>> i) & 1) << (length - 1 - i);
  return bits;
}
