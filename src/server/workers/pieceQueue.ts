/** Pieces of an answer on their way from the thread that writes them to the one reader who takes them. */
import type { AnswerPieces } from '../storage/engine.ts';

export class PieceQueue implements AnswerPieces {
  readonly areHandedOver = true;
  readonly #pieces: Uint8Array[] = [];
  readonly #onTaken: (count: number) => void;
  readonly #onDone: () => void;
  #isComplete = false;
  #fault: Error | undefined;
  #wake: (() => void) | undefined;

  /** @param onTaken hears of every piece that left. @param onDone hears that the reader wants no more of what is still to come. */
  constructor(onTaken: (count: number) => void, onDone: () => void) {
    this.#onTaken = onTaken;
    this.#onDone = onDone;
  }

  push(piece: Uint8Array, isLast: boolean): void {
    this.#pieces.push(piece);
    this.#isComplete = isLast;
    this.#wake?.();
  }

  /** What comes after the pieces that are there. */
  fail(fault: Error): void {
    this.#fault = fault;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined> {
    try {
      for (;;) {
        const piece = this.#pieces.shift();
        if (piece !== undefined) {
          if (!this.#isComplete) this.#onTaken(1);
          yield piece;
        } else if (this.#isComplete) {
          return;
        } else if (this.#fault !== undefined) {
          throw this.#fault;
        } else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      if (!this.#isComplete) this.#onDone();
    }
  }
}
