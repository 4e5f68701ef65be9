/** The entry of a query worker: evaluates the jobs it is sent, several in turns. */
import { parentPort } from 'node:worker_threads';
import { Budget } from '../promql/budget.ts';
import { evaluatePrepared, prepareQuery } from '../promql/engine.ts';
import { QueryError } from '../storage/engine.ts';
import type { GroupColumns } from '../storage/queryable.ts';
import { LabelsReceiver } from './labelsLedger.ts';
import { packResult, transferablesOf, unpackSelected, type QueryAnswer, type QueryJob } from './queryJob.ts';

if (parentPort === null) throw new Error('this file is run as a worker thread by the query runner');
const port = parentPort;
const receiver = new LabelsReceiver();

async function run(job: QueryJob, selected: readonly (readonly GroupColumns[])[]): Promise<void> {
  const { id, request, limits, timeoutMs, cancelFlag } = job;
  try {
    const maxSamples = Math.min(request.maxSamples ?? limits.maxSamples, limits.maxSamples);
    const budget = new Budget({ timeoutMs, maxSamples, cancelFlag });
    const result = await evaluatePrepared(prepareQuery(request, limits), selected, budget, job.selectMs);
    const answer: QueryAnswer = { id, ...packResult(result, receiver) };
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
  // Unpacked at once: numbers mean what they mean now, not what later news make of them.
  void run(job, unpackSelected(job.selected, receiver));
});
