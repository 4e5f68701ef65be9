/** What is wrong with an expression, and where. */
export class PromqlError extends Error {
  /** Characters [from, to) of the expression. */
  readonly from: number;
  readonly to: number;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  /** What is wrong, without place or advice. */
  readonly reason: string;
  /** How to write it, '' where there is nothing to advise. */
  readonly hint: string;

  constructor(text: string, from: number, to: number, reason: string, hint = '') {
    const before = text.slice(0, from);
    const line = before.split('\n').length;
    const column = from - before.lastIndexOf('\n');
    super(`${line}:${column}: parse error: ${reason}${hint === '' ? '' : `; ${hint}`}`);
    this.name = 'PromqlError';
    this.from = from;
    this.to = Math.max(from, to);
    this.line = line;
    this.column = column;
    this.reason = reason;
    this.hint = hint;
  }
}

/** The name among `known` that `wrong` was probably meant to be: at most two letters off. */
export function nearestName(wrong: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const name of known) {
    if (Math.abs(name.length - wrong.length) >= bestDistance) continue;
    const distance = editDistance(wrong.toLowerCase(), name);
    if (distance < bestDistance && distance < name.length / 2) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
