/** A store as plain as it can be: a log of 16 bytes a sample, a list of times and of values for each series. Nothing is packed. */
import fs from 'node:fs';
import { timeOf, type History } from './history.ts';

interface PlainSeries {
  readonly times: number[];
  readonly values: number[];
}

/** Appends rows [from, to) of all targets; one write() for each row of a target, as a commit of ours does. */
export class PlainStore {
  readonly #fd: number;
  readonly #targets: readonly (readonly PlainSeries[])[];
  readonly #history: History;

  constructor(file: string, history: History) {
    this.#fd = fs.openSync(file, 'w');
    this.#history = history;
    this.#targets = history.targets.map(({ labels }) => labels.map(() => ({ times: [], values: [] })));
  }

  append(from: number, to: number): void {
    const { shape, targets } = this.#history;
    for (let row = from; row < to; row++) {
      const t = timeOf(shape, row);
      targets.forEach(({ labels, values }, i) => {
        const cells = new Float64Array(2 * labels.length);
        for (let c = 0, at = row * labels.length; c < labels.length; c++, at++) {
          cells[2 * c] = t;
          cells[2 * c + 1] = values[at];
          this.#targets[i][c].times.push(t);
          this.#targets[i][c].values.push(values[at]);
        }
        fs.writeSync(this.#fd, new Uint8Array(cells.buffer));
      });
    }
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}
