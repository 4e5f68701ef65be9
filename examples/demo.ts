/**
 * The whole demo in one process: the model service, clients that use it, and a data job once a minute.
 *
 * Usage: node examples/demo.ts [--port=8000] [--no-load]
 */
import { spawn } from 'node:child_process';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { createService } from './service.ts';

const JOB_INTERVAL_MS = 60_000;
const FIRST_JOB_AFTER_MS = 2_000;

const { values: flags } = parseArgs({
  options: { port: { type: 'string', default: '8000' }, load: { type: 'boolean', default: true } },
  allowNegative: true,
});

const service = createService();
const [serve] = service.listeners('request') as RequestListener[];
service.removeAllListeners('request');
service.on('request', (request, response) =>
  request.url === '/notices' ? void takeNotice(request, response) : serve(request, response),
);

/** Says what the sidecar tells by monitoring/notify.yml, where whoever started the demo sees it. */
async function takeNotice(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const part of request) text += String(part);
  response.end();
  const { alerts } = JSON.parse(text) as { alerts: { status: string; annotations: Record<string, string> }[] };
  for (const { status, annotations } of alerts) console.error(`${status.padEnd(8)}   ${annotations.summary}`);
}
service.on('error', (error: NodeJS.ErrnoException) => {
  const why =
    error.code === 'EADDRINUSE'
      ? `port ${flags.port} is taken; stop what listens there, or pass --port`
      : error.message;
  console.error(`demo: ${why}`);
  process.exit(1);
});
service.listen(Number(flags.port), '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  console.log(`demo: ${url}/metrics`);
  const job = [join(import.meta.dirname, 'dataJob.ts'), url];
  const runJob = () => spawn(process.execPath, job, { stdio: ['ignore', 'ignore', 'inherit'] }).unref();
  const first = setTimeout(runJob, FIRST_JOB_AFTER_MS);
  const timer = setInterval(runJob, JOB_INTERVAL_MS);
  const driver = flags.load
    ? new Worker(join(import.meta.dirname, 'loadDriver.ts'), { workerData: { url } })
    : undefined;
  const stop = () => {
    clearTimeout(first);
    clearInterval(timer);
    void driver?.terminate();
    service.close();
    service.closeAllConnections();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
});
