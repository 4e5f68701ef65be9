/** The entry of a query worker: reads and evaluates the jobs it is sent, several in turns. */
import { parentPort } from 'node:worker_threads';
import { QueryError } from '../storage/engine.ts';
import { PackedChunkCache } from '../tsdb/partSource.ts';
import { LabelsReceiver } from './labelsLedger.ts';
import { packResult, transferablesOf, type QueryAnswer, type QueryJob } from './queryJob.ts';
import { evaluatePacked } from './packedEvaluation.ts';
import { prepareQuery } from '../promql/engine.ts';
import { Budget } from '../promql/budget.ts';
import type { Labels } from '../../shared/model/labels.ts';

if (parentPort === null) throw new Error('this file is run as a worker thread by the query runner');
const port = parentPort;
const receiver = new LabelsReceiver();
const chunks = new PackedChunkCache();

/** @param labels by select, group and series. */
async function run(job: QueryJob, labels: readonly (readonly (readonly Labels[])[])[]): Promise<void> {
  const { id, request, limits, timeoutMs, cancelFlag } = job;
  try {
    const maxSamples = Math.min(request.maxSamples ?? limits.maxSamples, limits.maxSamples);
    const budget = new Budget({ timeoutMs, maxSamples, cancelFlag });
    const prepared = prepareQuery(request, limits);
    const result = await evaluatePacked(prepared, job.selected, labels, chunks, budget, job.selectMs);
    const answer: QueryAnswer = { id, ...packResult(result) };
    port.postMessage(answer, transferablesOf(result));
  } catch (fault) {
    const known = fault instanceof QueryError;
    const message = fault instanceof Error ? fault.message : String(fault);
    const answer: QueryAnswer = { id, errorType: known ? fault.errorType : 'internal', message };
    port.postMessage(answer);
  }
}

port.on('message', (job: QueryJob) => {
  receiver.learn(job.news);
  // Looked up at once: refs mean what they mean now, not what later news make of them.
  const labels = job.selected.map(({ groups }) =>
    groups.map(({ refs }) => Array.from(refs, (ref) => receiver.labels(ref))),
  );
  void run(job, labels);
});
