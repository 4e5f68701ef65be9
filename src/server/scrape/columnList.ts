/** Columns in a list that is filled anew for each page and allocates nothing for that. */
export class ColumnList {
  columns = new Int32Array(64);
  count = 0;

  push(column: number): void {
    if (this.count === this.columns.length) {
      const columns = new Int32Array(2 * this.count);
      columns.set(this.columns);
      this.columns = columns;
    }
    this.columns[this.count++] = column;
  }

  /** Whether the columns are 0, 1, 2, … */
  isInOrder(): boolean {
    for (let i = 0; i < this.count; i++) if (this.columns[i] !== i) return false;
    return true;
  }
}
