/**
 * The demo model service: real inference behind `POST /predict`, measured with prom-client as a service of your own would be.
 *
 *   POST /predict?version=v1   {"penguins": [[bill length, bill depth, flipper length (mm), body mass (g)], …]}
 *   POST /jobs/<name>          a data job reports how it went: {"outcome": "success" | "failure", "durationSeconds": 1.2, "rows": 333}
 *   GET  /metrics              Prometheus text
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { trainModel, VERSIONS, type Model } from './model.ts';
import { FEATURES, readPenguins } from './penguins.ts';

const MODEL_NAME = 'penguin-species';
const BODY_BYTES_MAX = 1 << 20;
const PENGUINS_MAX = 1000;

/** Seconds; three steps an octave or so around where the two versions answer. */
const LATENCY_BUCKETS = [
  0.00005, 0.0001, 0.00015, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015,
  0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1,
];

/** A request that cannot be served as it stands; `status` is the HTTP code. */
class RequestError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: 'http_requests_total',
      help: 'HTTP requests answered.',
      labelNames: ['method', 'route', 'status'],
      registers,
    }),
    latency: new Histogram({
      name: 'model_prediction_latency_seconds',
      help: 'Time to predict one request, all its rows together.',
      labelNames: ['model', 'version'],
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    predictions: new Counter({
      name: 'model_predictions_total',
      help: 'Rows predicted, by the species that won.',
      labelNames: ['model', 'version', 'species'],
      registers,
    }),
    jobRuns: new Counter({
      name: 'data_job_runs_total',
      help: 'Runs of a data job.',
      labelNames: ['data_job', 'outcome'],
      registers,
    }),
    jobSuccess: new Gauge({
      name: 'data_job_last_run_success',
      help: 'Whether the last run of a data job succeeded: 1 or 0.',
      labelNames: ['data_job'],
      registers,
    }),
    jobTime: new Gauge({
      name: 'data_job_last_run_timestamp_seconds',
      help: 'When a data job last ended.',
      labelNames: ['data_job'],
      registers,
    }),
    jobSuccessTime: new Gauge({
      name: 'data_job_last_success_timestamp_seconds',
      help: 'When a data job last ended well.',
      labelNames: ['data_job'],
      registers,
    }),
    jobDuration: new Gauge({
      name: 'data_job_last_run_duration_seconds',
      help: 'How long the last run of a data job took.',
      labelNames: ['data_job'],
      registers,
    }),
    jobRows: new Gauge({
      name: 'data_job_last_run_rows',
      help: 'Rows that the last run of a data job accepted.',
      labelNames: ['data_job'],
      registers,
    }),
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_BYTES_MAX)
      throw new RequestError(413, `body over ${BODY_BYTES_MAX} bytes; send fewer penguins at a time`);
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    throw new RequestError(400, 'body is not JSON');
  }
}

function checkedRows(body: unknown): number[][] {
  const rows = (body as { penguins?: unknown } | null)?.penguins;
  const isRow = (row: unknown) =>
    Array.isArray(row) && row.length === FEATURES.length && row.every((x) => Number.isFinite(x));
  if (!Array.isArray(rows) || rows.length === 0 || rows.length > PENGUINS_MAX || !rows.every(isRow)) {
    throw new RequestError(
      400,
      `send {"penguins": [[${FEATURES.join(', ')}], …]} with 1 to ${PENGUINS_MAX} rows of numbers`,
    );
  }
  return rows as number[][];
}

interface JobReport {
  outcome: 'success' | 'failure';
  durationSeconds: number;
  rows: number;
}

function checkedReport(body: unknown): JobReport {
  const report = body as Partial<JobReport> | null;
  const outcomeKnown = report?.outcome === 'success' || report?.outcome === 'failure';
  if (!outcomeKnown || !Number.isFinite(report?.durationSeconds) || !Number.isFinite(report?.rows)) {
    throw new RequestError(400, 'send {"outcome": "success" or "failure", "durationSeconds": number, "rows": number}');
  }
  return report as JobReport;
}

/** The service, trained and ready to listen. */
export function createService(): Server {
  const data = readPenguins();
  const models = new Map<string, Model>(VERSIONS.map((spec) => [spec.version, trainModel(spec, data)]));
  const metrics = createMetrics();

  async function predict(request: IncomingMessage, version: string): Promise<object> {
    const model = models.get(version);
    if (model === undefined)
      throw new RequestError(
        404,
        `no version ${JSON.stringify(version)}; there are ${[...models.keys()].join(' and ')}`,
      );
    const rows = checkedRows(await readJson(request));
    const labels = { model: MODEL_NAME, version };
    const stop = metrics.latency.startTimer(labels);
    const votes = model.predict(rows);
    stop();
    return {
      ...labels,
      predictions: votes.map((shares) => {
        const best = shares.indexOf(Math.max(...shares));
        metrics.predictions.inc({ ...labels, species: data.species[best] });
        return { species: data.species[best], probability: shares[best] };
      }),
    };
  }

  async function report(request: IncomingMessage, name: string): Promise<object> {
    const run = checkedReport(await readJson(request));
    const job = { data_job: name };
    const nowSeconds = Date.now() / 1000;
    metrics.jobRuns.inc({ ...job, outcome: run.outcome });
    metrics.jobSuccess.set(job, run.outcome === 'success' ? 1 : 0);
    metrics.jobTime.set(job, nowSeconds);
    if (run.outcome === 'success') metrics.jobSuccessTime.set(job, nowSeconds);
    metrics.jobDuration.set(job, run.durationSeconds);
    metrics.jobRows.set(job, run.rows);
    return { noted: name };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const json = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body) + '\n');
    const job = /^\/jobs\/([a-z0-9_-]{1,64})$/.exec(url.pathname);
    let route = 'other';
    try {
      if (request.method === 'GET' && url.pathname === '/metrics') {
        route = '/metrics';
        response.setHeader('content-type', metrics.registry.contentType).end(await metrics.registry.metrics());
      } else if (request.method === 'POST' && url.pathname === '/predict') {
        route = '/predict';
        json(200, await predict(request, url.searchParams.get('version') ?? VERSIONS[0].version));
      } else if (request.method === 'POST' && job !== null) {
        route = '/jobs';
        json(200, await report(request, job[1]));
      } else {
        throw new RequestError(404, 'try POST /predict or GET /metrics');
      }
    } catch (error) {
      const status = error instanceof RequestError ? error.status : 500;
      json(status, { error: (error as Error).message });
    }
    metrics.requests.inc({ method: request.method ?? 'GET', route, status: String(response.statusCode) });
  }

  return createServer((request, response) => void answer(request, response));
}
