/** Typed arrays that grow by a part of themselves: doubling would leave a quarter of the memory idle on the average. */
export function grownTo<T extends Uint8Array | Uint32Array | Int32Array | Float64Array>(array: T, length: number): T {
  if (length <= array.length) return array;
  const Kind = array.constructor as new (length: number) => T;
  const grown = new Kind(Math.max(length, array.length + (array.length >> 2) + 8));
  grown.set(array);
  return grown;
}
