/** What one query may take: time, memory, and the caller's patience. */
import { QueryError } from '../storage/engine.ts';

export interface BudgetLimits {
  readonly timeoutMs: number;
  /** Cells held in memory, added up over the whole query. */
  readonly maxSamples: number;
  /** Bytes of memory that these take, about. Without it, any number. */
  readonly maxBytes?: number;
  /** Longest time evaluated without letting others on the thread run. */
  readonly sliceMs?: number;
  readonly signal?: AbortSignal;
  /** Aborted when all queries are canceled. */
  readonly closing?: AbortSignal;
  /** A flag in shared memory that another thread sets to cancel. */
  readonly cancelFlag?: Int32Array;
}

/** A number. */
const CELL_BYTES = 8;
const SLICE_MS = 25;
const CANCEL_CHECK_MS = 5;
/** Shorter labels are counted with the series that have them. */
const LONG_LABEL_CHARS = 1024;
/** Of the long labels that one query makes, together: they lie in the heap of the thread that evaluates it, which all of its queries share. */
const LONG_LABELS_CHARS_MAX = 16 * 1024 * 1024;

export class Budget {
  private readonly limits: BudgetLimits;
  private readonly deadline: number;
  private readonly sliceMs: number;
  private sliceEnd: number;
  private nextCheck: number;
  private samples = 0;
  private bytes = 0;
  private labelChars = 0;

  constructor(limits: BudgetLimits) {
    this.limits = limits;
    const now = performance.now();
    this.deadline = now + limits.timeoutMs;
    this.sliceMs = limits.sliceMs ?? SLICE_MS;
    this.sliceEnd = now + this.sliceMs;
    this.nextCheck = now + CANCEL_CHECK_MS;
  }

  /** Cells that may still be taken. */
  get samplesLeft(): number {
    return Math.max(0, this.limits.maxSamples - this.samples);
  }

  /** Counts cells that are held, and what they take. */
  hold(cells: number, bytes = CELL_BYTES * cells): void {
    this.expect(cells);
    this.samples += cells;
    this.take(bytes);
  }

  /** Counts memory beside that of cells. */
  take(bytes: number): void {
    this.bytes += bytes;
    const { maxBytes = Infinity } = this.limits;
    if (this.bytes <= maxBytes) return;
    throw new QueryError(
      'execution',
      `query takes over ${maxBytes} bytes of memory, --query.max-memory; shorten the range, widen the step, aggregate, or raise the flag`,
    );
  }

  /** Counts a label that is made. */
  takeLabel(chars: number): void {
    if (chars <= LONG_LABEL_CHARS) return;
    this.labelChars += chars;
    if (this.labelChars <= LONG_LABELS_CHARS_MAX) return;
    throw new QueryError(
      'execution',
      `query makes long labels of more than ${LONG_LABELS_CHARS_MAX} characters in all; make shorter ones, or those of fewer series`,
    );
  }

  /** What `work` holds is given back after it. */
  async lend<T>(work: () => Promise<T>): Promise<T> {
    const { samples, bytes } = this;
    try {
      return await work();
    } finally {
      this.samples = samples;
      this.bytes = bytes;
    }
  }

  /** Refuses cells that would be too many, before memory is taken for them. */
  expect(cells: number): void {
    const samples = this.samples + cells;
    if (samples <= this.limits.maxSamples) return;
    const limit = `--query.max-samples=${this.limits.maxSamples}`;
    throw new QueryError(
      'execution',
      `query holds ${samples} samples, over ${limit}; shorten the range, widen the step, or raise the flag`,
    );
  }

  /** Whether to call {@link pause}; throws if the query has run out of time or was cancelled. Cheap; called for every row. */
  isDue(): boolean {
    const now = performance.now();
    if (now >= this.nextCheck) {
      this.check(now);
      this.nextCheck = now + CANCEL_CHECK_MS;
    }
    return now >= this.sliceEnd;
  }

  /** Lets the thread do something else: two turns, since the first may end before timers and sockets had theirs. */
  async pause(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    const now = performance.now();
    this.sliceEnd = now + this.sliceMs;
    this.check(now);
  }

  check(now = performance.now()): void {
    if (now > this.deadline) throw timedOut(this.limits.timeoutMs);
    const { signal, closing, cancelFlag } = this.limits;
    if (signal?.aborted === true || closing?.aborted === true) throw canceled();
    if (cancelFlag !== undefined && Atomics.load(cancelFlag, 0) !== 0) throw canceled();
  }
}

export const timedOut = (timeoutMs: number) =>
  new QueryError(
    'timeout',
    `query timed out after ${Math.max(0, Math.round(timeoutMs))} ms; shorten the range, widen the step, or raise --query.timeout`,
  );

export const canceled = () => new QueryError('canceled', 'query was canceled');
