/** The entry of a query worker: reads and evaluates the jobs it is sent, several in turns. */
import { parentPort, workerData } from 'node:worker_threads';
import { release } from '../../shared/bytes/release.ts';
import { QueryError, type QueryStats } from '../storage/engine.ts';
import { PackedChunkCache } from '../tsdb/partSource.ts';
import { LabelsReceiver, textOf } from './labelsLedger.ts';
import { writtenRows } from './keptAnswers.ts';
import {
  ownRowsOf,
  packResult,
  PIECES_AHEAD,
  transferablesOf,
  type PackedRows,
  type PiecesTaken,
  type QueryAnswer,
  type QueryJob,
} from './queryJob.ts';
import { evaluatePacked } from './packedEvaluation.ts';
import { prepareQuery, type EngineLimits } from '../promql/engine.ts';
import { Budget, canceled } from '../promql/budget.ts';
import type { Labels } from '../../shared/model/labels.ts';

if (parentPort === null) throw new Error('this file is run as a worker thread by the query runner');
const port = parentPort;
const limits = workerData as EngineLimits;
const receiver = new LabelsReceiver();
const chunks = new PackedChunkCache();
/** What to call when pieces of an answer were taken. */
const takers = new Map<number, (taken: number) => void>();

/** @param labels by select, group and series. */
async function run(job: QueryJob, labels: readonly (readonly (readonly Labels[])[])[]): Promise<void> {
  const { id, request, timeoutMs, cancelFlag } = job;
  try {
    const maxSamples = Math.min(request.maxSamples ?? limits.maxSamples, limits.maxSamples);
    const budget = new Budget({ timeoutMs, maxSamples, maxBytes: limits.maxBytes, cancelFlag });
    const prepared = prepareQuery(request, limits);
    const result = await evaluatePacked(prepared, job.selected, labels, chunks, budget, job.selectMs);
    for (const buffer of ownRowsOf(job.selected)) release(new Uint8Array(buffer));
    if (job.format === undefined) {
      const answer: QueryAnswer = { id, ...packResult(result) };
      port.postMessage(answer, transferablesOf(result));
    } else {
      const { pieces, rows } = writtenRows(result, job.format, now() - job.askedAt, job.keep === true);
      const packedRows = () => {
        const found = rows();
        return found && { labels: found.labels.map(textOf), places: found.places };
      };
      await send(id, pieces, { stats: result.stats, rows: packedRows }, cancelFlag);
    }
  } catch (fault) {
    const known = fault instanceof QueryError;
    const message = fault instanceof Error ? fault.message : String(fault);
    const answer: QueryAnswer = { id, errorType: known ? fault.errorType : 'internal', message };
    port.postMessage(answer);
  }
}

/** On the clock that all threads share. */
const now = () => performance.timeOrigin + performance.now();

/** Hands pieces over as they are taken, a few ahead; the buffers go with them. @param rows asked when all of them are written. */
async function send(
  id: number,
  pieces: Iterator<Uint8Array<ArrayBuffer>>,
  { stats, rows }: { readonly stats: QueryStats; readonly rows: () => PackedRows | undefined },
  cancelFlag: Int32Array,
): Promise<void> {
  let room = PIECES_AHEAD;
  let wake: (() => void) | undefined;
  takers.set(id, (taken) => {
    room += taken;
    wake?.();
  });
  try {
    let isFirst = true;
    for (let next = pieces.next(); !next.done; isFirst = false) {
      while (room === 0 && !isCanceled(cancelFlag)) await new Promise<void>((resolve) => (wake = resolve));
      if (isCanceled(cancelFlag)) throw canceled();
      const piece = next.value;
      next = pieces.next();
      const isLast = next.done === true;
      const answer: QueryAnswer = {
        id,
        piece,
        isLast,
        ...(isFirst && { stats }),
        ...(isLast && { rows: rows() }),
      };
      port.postMessage(answer, [piece.buffer]);
      room--;
    }
  } finally {
    takers.delete(id);
  }
}

const isCanceled = (flag: Int32Array) => Atomics.load(flag, 0) !== 0;

port.on('message', (job: QueryJob | PiecesTaken) => {
  if ('taken' in job) return void takers.get(job.id)?.(job.taken);
  receiver.learn(job.news);
  // Looked up at once: refs mean what they mean now, not what later news make of them.
  const labels = job.selected.map(({ groups }) => groups.map(({ refs }) => receiver.labelsOfAll(refs)));
  void run(job, labels);
});
