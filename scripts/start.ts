/**
 * `npm start`: the sidecar with `monitoring/prometheus.yml`, and the demo model service under load. Ctrl-C stops all of it; the data
 * stays, and the next start goes on with it.
 */
import { join } from 'node:path';
import { buildServer } from './buildServer.ts';
import { buildWebui } from './buildWebui.ts';
import { ROOT, allReady, needFree, start, stopWithParent } from './foreground.ts';

const WEB = '127.0.0.1:9090';
const DEMO = '127.0.0.1:8000';

stopWithParent();
await needFree([WEB, DEMO], 'npm start');
await Promise.all([buildWebui(), buildServer()]);
start('the sidecar', join(ROOT, 'bin/isotherm'), [
  'serve',
  '--config.file=monitoring/prometheus.yml',
  '--storage.tsdb.path=data',
  `--web.listen-address=${WEB}`,
  '--slo.config.file=monitoring/slo.yml',
  '--notify.config.file=monitoring/notify.yml',
  '--collector.machine',
  '--log.level=warn',
  ...process.argv.slice(2),
]);
start('the demo service', process.execPath, [join(ROOT, 'examples/demo.ts'), `--port=${DEMO.split(':')[1]}`]);

if (await allReady([`http://${WEB}/-/ready`, `http://${DEMO}/metrics`])) {
  console.log(
    `Isotherm   http://${WEB}/         prediction latency by model version, requests, data jobs, CPU and memory`,
  );
  console.log(`The demo   http://${DEMO}/metrics  two versions of a model, under load; scraped every 15 s`);
  console.log('Ctrl-C     stops all of it; the history stays in data/');
}
