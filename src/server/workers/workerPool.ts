/** A few worker threads, started when needed and ended when idle. */
import { Worker } from 'node:worker_threads';
import {
  QueryError,
  type AnswerFormat,
  type AnswerPieces,
  type QueryResult,
  type QueryStats,
} from '../storage/engine.ts';
import type { EngineLimits } from '../promql/engine.ts';
import { NO_LABELS } from '../../shared/model/labels.ts';
import type { SelectLease } from '../storage/queryable.ts';
import type { AnswerRows } from './keptAnswers.ts';
import { LabelsSender, labelsOfText, type LabelsNews } from './labelsLedger.ts';
import { PieceQueue } from './pieceQueue.ts';
import {
  ownRowsOf,
  unpackResult,
  type AnswerPiece,
  type PackedResult,
  type PiecesTaken,
  type QueryAnswer,
  type QueryJob,
} from './queryJob.ts';

/** A thread without work this long is ended; the next query starts a new one (tens of milliseconds). */
const IDLE_MS = 120_000;
/** Bounds a thread's JavaScript heap; value columns are outside it and bounded by the query's samples. */
const HEAP_MB_MAX = 512;
/** Small, so that a thread which only passes columns through stays small. */
const YOUNG_HEAP_MB_MAX = 16;

/** Sources are run as they are; bundles stand beside each other. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './queryWorker.ts' : './queryWorker.mjs', import.meta.url);

/** A job as the runner sees it. */
export interface PoolJob extends Omit<QueryJob, 'id' | 'cancelFlag' | 'news' | 'selected'> {
  readonly selected: readonly SelectLease[];
}

/** An answer, whose pieces come as they are taken. */
export interface WrittenAnswer {
  readonly pieces: AnswerPieces;
  readonly stats: QueryStats;
  /** Asked when all pieces are taken: its rows, where it can be kept. */
  readonly rows: () => AnswerRows | undefined;
}

interface Pending {
  /** Takes what the thread answers. @returns whether that was all. */
  readonly take: (answer: ({ readonly id: number } & PackedResult) | AnswerPiece) => boolean;
  readonly reject: (fault: QueryError) => void;
  /** Stops listening for the caller's abort. */
  readonly release: () => void;
}

interface Thread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
  readonly labels: LabelsSender;
  idleTimer: NodeJS.Timeout | undefined;
}

export class WorkerPool {
  private readonly size: number;
  private readonly limits: EngineLimits;
  private readonly threads = new Set<Thread>();
  private nextId = 1;

  constructor(size: number, limits: EngineLimits) {
    this.size = size;
    this.limits = limits;
  }

  /** Evaluates a job on the least busy thread. Rejects with QueryError. */
  run(job: PoolJob, signal: AbortSignal | undefined): Promise<QueryResult> {
    return new Promise((resolve, reject) => {
      const take: Pending['take'] = (answer) => {
        if ('result' in answer) resolve(unpackResult(answer));
        return true;
      };
      this.send(job, signal, { take, reject });
    });
  }

  /** The same, written: resolves with the first piece. Rejects with QueryError. */
  answer(job: PoolJob, format: AnswerFormat, signal: AbortSignal | undefined): Promise<WrittenAnswer> {
    return new Promise((resolve, reject) => {
      let rows: AnswerRows | undefined;
      const pieces = new PieceQueue(
        (taken) => sent.more(taken),
        () => sent.cancel(),
      );
      const take: Pending['take'] = (answer) => {
        if (!('piece' in answer)) return true;
        pieces.push(answer.piece, answer.isLast);
        const { stats } = answer;
        if (answer.rows !== undefined)
          rows = { labels: answer.rows.labels.map(labelsOfText), places: answer.rows.places };
        if (stats !== undefined) resolve({ pieces, stats, rows: () => rows });
        return answer.isLast;
      };
      const fail = (fault: QueryError) => {
        pieces.fail(fault);
        reject(fault);
      };
      const sent = this.send({ ...job, format }, signal, { take, reject: fail });
    });
  }

  /** @returns how to take more pieces of it, and how to be done with it. */
  private send(job: PoolJob, signal: AbortSignal | undefined, { take, reject }: Omit<Pending, 'release'>) {
    const thread = this.leastBusy();
    const id = this.nextId++;
    const cancelFlag = new Int32Array(new SharedArrayBuffer(4));
    const more = (taken: number) => {
      const message: PiecesTaken = { id, taken };
      thread.worker.postMessage(message);
    };
    const cancel = () => {
      Atomics.store(cancelFlag, 0, 1);
      // It may be waiting for pieces to be taken.
      if (job.format !== undefined) more(0);
    };
    const news = newsOf(thread.labels, job.selected);
    if (signal?.aborted === true) Atomics.store(cancelFlag, 0, 1);
    signal?.addEventListener('abort', cancel);
    const release = () => signal?.removeEventListener('abort', cancel);
    thread.pending.set(id, { take, reject, release });
    clearTimeout(thread.idleTimer);
    thread.worker.ref();
    const selected = job.selected.map(({ select }) => select);
    const message: QueryJob = { ...job, selected, news, id, cancelFlag };
    thread.worker.postMessage(message, ownRowsOf(selected));
    return {
      more,
      cancel: () => {
        cancel();
        this.done(thread, id);
      },
    };
  }

  async close(): Promise<void> {
    const threads = [...this.threads];
    this.threads.clear();
    await Promise.all(
      threads.map(async (thread) => {
        clearTimeout(thread.idleTimer);
        failAll(thread, new QueryError('canceled', 'query was canceled: the server is closing'));
        await thread.worker.terminate();
      }),
    );
  }

  private leastBusy(): Thread {
    let best: Thread | undefined;
    for (const thread of this.threads) if (best === undefined || thread.pending.size < best.pending.size) best = thread;
    const isFree = best !== undefined && best.pending.size === 0;
    return best !== undefined && (isFree || this.threads.size >= this.size) ? best : this.start();
  }

  private start(): Thread {
    const worker = new Worker(ENTRY, {
      workerData: this.limits,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX, maxYoungGenerationSizeMb: YOUNG_HEAP_MB_MAX },
    });
    const thread: Thread = { worker, pending: new Map(), labels: new LabelsSender(), idleTimer: undefined };
    worker.unref();
    worker.on('message', (answer: QueryAnswer) => this.settle(thread, answer));
    worker.on('error', (fault: Error & { code?: string }) => {
      this.threads.delete(thread);
      const isMemory = fault.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const why = isMemory
        ? `query took more than ${HEAP_MB_MAX} MB; shorten the range or add matchers`
        : `query worker failed: ${fault.message}`;
      failAll(thread, new QueryError(isMemory ? 'execution' : 'internal', why, { cause: fault }));
    });
    worker.on('exit', () => {
      this.threads.delete(thread);
      failAll(thread, new QueryError('internal', 'query worker ended while the query was running; ask again'));
    });
    this.threads.add(thread);
    return thread;
  }

  private settle(thread: Thread, answer: QueryAnswer): void {
    const pending = thread.pending.get(answer.id);
    if (pending === undefined) return;
    if ('errorType' in answer) pending.reject(new QueryError(answer.errorType, answer.message));
    else if (!pending.take(answer)) return;
    this.done(thread, answer.id);
  }

  private done(thread: Thread, id: number): void {
    const pending = thread.pending.get(id);
    if (pending === undefined) return;
    thread.pending.delete(id);
    pending.release();
    if (thread.pending.size > 0) return;
    thread.worker.unref();
    thread.idleTimer = setTimeout(() => {
      this.threads.delete(thread);
      void thread.worker.terminate();
    }, IDLE_MS);
    thread.idleTimer.unref();
  }
}

function newsOf(sender: LabelsSender, selected: readonly SelectLease[]): LabelsNews {
  const refs = selected.flatMap(({ select }) => select.groups.map((group) => group.refs));
  const lookUps = selected.map(({ labels }) => labels);
  // Selects of one store know each other's series; those of columns that are read already may not.
  return sender.newsOf(refs, (ref) => {
    for (const labels of lookUps) {
      const found = labels(ref);
      if (found.length > 0) return found;
    }
    return NO_LABELS;
  });
}

function failAll(thread: Thread, fault: QueryError): void {
  for (const pending of thread.pending.values()) {
    pending.release();
    pending.reject(fault);
  }
  thread.pending.clear();
}
