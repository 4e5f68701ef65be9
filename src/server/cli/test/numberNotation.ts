/** A number as PromQL and rule tests write it; NaN for anything else. */
export function readNumber(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const size = text.replace(/^[+-]/, '');
  if (/^inf$/i.test(size)) return sign * Infinity;
  return /^nan$/i.test(size) ? NaN : sign * Number(size);
}
