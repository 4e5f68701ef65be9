/** What both ends of the log know of a group's last logged rows. */

/** What rows of changes know of a column: its residuals may be negative; its last cell was a gap or a stale mark. */
export const SIGNED = 1;
export const GONE = 2;

/** The mean of what was not learnt yet. */
export const MEAN_START = 1;

/** By column. A mark leaves the value before it in place. */
export class LogState {
  /** The log's epoch that these values belong to; in a newer one they start over. */
  epoch = -1;
  /** Records of this group so far. */
  sequence = 0;
  time = 0;
  /** From the time of the row before the last one to that of the last; 0 where it has none. */
  step = 0;
  /** Columns of the last row. */
  columns = 0;
  values = new Float64Array(8);
  bits = new Uint32Array(this.values.buffer);
  /** Its changes are integers times 10^-scale. */
  scales = new Uint8Array(8);
  flags = new Uint8Array(8);
  /** Two each: how much it moves in the mean, and how much more or less than the column before it. */
  means = new Float64Array(16).fill(MEAN_START);
  meanWords = new Uint32Array(this.means.buffer);
  /** Rows that these means are of. */
  rowsLearnt = 0;
  /** Length of the runs between events in the mean. */
  readonly run = new Float64Array(1);
  readonly runWords = new Uint32Array(this.run.buffer);

  /** Starts over, as at the first row of a segment. */
  reset(): void {
    this.time = this.step = this.columns = this.rowsLearnt = 0;
    this.values.fill(0);
    this.scales.fill(0);
    this.flags.fill(0);
    this.means.fill(MEAN_START);
  }

  reserve(columns: number): void {
    if (columns <= this.values.length) return;
    const length = Math.max(columns, this.values.length * 2);
    this.values = widened(this.values, length, 0);
    this.bits = new Uint32Array(this.values.buffer);
    this.means = widened(this.means, 2 * length, MEAN_START);
    this.meanWords = new Uint32Array(this.means.buffer);
    this.scales = widenedBytes(this.scales, length);
    this.flags = widenedBytes(this.flags, length);
  }
}

function widened(array: Float64Array, length: number, start: number): Float64Array<ArrayBuffer> {
  const wide = new Float64Array(length).fill(start, array.length);
  wide.set(array);
  return wide;
}

function widenedBytes(array: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const wide = new Uint8Array(length);
  wide.set(array);
  return wide;
}
