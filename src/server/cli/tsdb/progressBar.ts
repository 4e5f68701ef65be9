/** How far a long piece of work is, on the standard error output: a bar that moves on a terminal, elsewhere a line now and then. */
const BAR_WIDTH = 30;
const BAR_MS = 100;
const LINE_MS = 10_000;

export class ProgressBar {
  readonly #isBar: boolean;
  #toldAt = -Infinity;
  #width = 0;

  /** @param isWanted a bar, wherever the output goes. */
  constructor(isWanted: boolean) {
    this.#isBar = isWanted || process.stderr.isTTY;
  }

  /** @param share done, in [0, 1]. */
  tell(share: number, text: string): void {
    const now = performance.now();
    if (now - this.#toldAt < (this.#isBar ? BAR_MS : LINE_MS)) return;
    // The first line elsewhere comes after a while: short work needs none.
    if (this.#toldAt === -Infinity && !this.#isBar) {
      this.#toldAt = now;
      return;
    }
    this.#toldAt = now;
    const percent = `${Math.floor(100 * share)} %`.padStart(5);
    if (!this.#isBar) return void process.stderr.write(`${percent} ${text}\n`);
    const full = Math.round(BAR_WIDTH * share);
    const line = `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}]${percent} ${text}`;
    process.stderr.write(`\r${line.padEnd(this.#width)}`);
    this.#width = line.length;
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#isBar && this.#width > 0) process.stderr.write(`\r${' '.repeat(this.#width)}\r`);
    this.#width = 0;
  }
}
