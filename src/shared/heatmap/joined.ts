/**
 * Buckets whose layout changes within the range. Rows are all bounds that occur; where a slice's own bucket was wider than a row, its rows are joined: one
 * bucket, drawn and named as one, whose observations are divided among its rows as quantiles divide them.
 */
export class JoinedRows {
  private readonly rows: number;
  private readonly slices: number;
  private joined: Uint8Array | undefined;
  /** 1 where the slice has a bound at the top of the row. */
  private readonly ends: Uint8Array;

  constructor(slices: number, rows: number) {
    this.rows = rows;
    this.slices = slices;
    this.ends = new Uint8Array(slices * rows);
  }

  /** The slice has a bucket that covers rows from … to - 1. */
  note(slice: number, from: number, to: number): void {
    const base = slice * this.rows;
    if (from > 0) this.ends[base + from - 1] = 1;
    this.ends[base + to - 1] = 1;
    if (to - from < 2) return;
    this.joined ??= new Uint8Array(this.slices * this.rows);
    this.joined.fill(1, base + from, base + to - 1);
  }

  /** At x * rows + y: 1 where row y and the one above are one bucket of slice x; undefined where none are. */
  flags(): Uint8Array | undefined {
    const { joined, ends } = this;
    // Buckets that overlap: a bound in sight stays one.
    if (joined !== undefined) for (let i = 0; i < joined.length; i++) if (ends[i] === 1) joined[i] = 0;
    return joined;
  }

  /** Slices whose buckets differ from those of the slices before. */
  changes(): number[] {
    if (this.joined === undefined) return [];
    const { joined, rows, ends } = this;
    const found: number[] = [];
    const last = new Uint8Array(rows);
    for (let x = 0; x < this.slices; x++) {
      let differs = false;
      for (let y = 0; y < rows; y++) {
        const at = x * rows + y;
        const state = joined[at] === 1 ? 2 : ends[at];
        if (state === 0) continue;
        if (last[y] !== 0 && last[y] !== state) differs = true;
        last[y] = state;
      }
      if (differs) found.push(x);
    }
    return found;
  }
}

/** Which part of a bucket over rows from … to - 1 falls into row y. What reaches to infinity goes to the infinite row. */
export function partOfBucket(
  yEdges: Float64Array,
  y: number,
  from: number,
  to: number,
  interpolation: 'linear' | 'exponential' = 'linear',
): number {
  if (to - from === 1) return 1;
  if (yEdges[to] === Infinity) return y === to - 1 ? 1 : 0;
  if (yEdges[from] === -Infinity) return y === from ? 1 : 0;
  const oneSided = yEdges[from] > 0 || yEdges[to] < 0;
  const bent = (value: number): number =>
    interpolation === 'exponential' && oneSided ? Math.sign(value) * Math.log(Math.abs(value)) : value;
  return (bent(yEdges[y + 1]) - bent(yEdges[y])) / (bent(yEdges[to]) - bent(yEdges[from]));
}
