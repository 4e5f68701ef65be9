/**
 * Remote write: 2,000 series at 15 s, a request for each interval, as a Prometheus sends them. The peers take the same bytes in turns with us.
 */
import fs from 'node:fs';
import path from 'node:path';
import { labelsFrom } from '../src/shared/model/labels.ts';
import { ServingService } from './data/mlServing.ts';
import { sendRequest, writeRequest } from './data/writeRequests.ts';
import { cpuMsOf } from './harness/measure.ts';
import { findPeer } from './harness/peers.ts';
import { bench } from './harness/report.ts';
import { inTempFolder, startIsotherm, startPrometheus, startVictoriaMetrics, type Server } from './harness/server.ts';

const SERVICES = 2;
const SHAPE = { histograms: 44, plain: 32, intervalSeconds: 15 };
/** The rest of a day comes before: until then half of what ours takes is compiling, the first blocks included. */
const WARM_UP = 1760;
/** Two thirds of a day. Merging of blocks that is put off until after the last request is not counted. */
const REQUESTS = 4000;
/** Requests that a contestant takes before the next one's turn. */
const TURN = 50;

/** Compressed requests, the newest of about now. */
function makeRequests(): { bodies: readonly Uint8Array<ArrayBuffer>[]; series: number } {
  const services = Array.from({ length: SERVICES }, (_, i) => new ServingService({ seed: i + 1, ...SHAPE }));
  const labels = services.flatMap((service, i) =>
    service.labels.map((own) => labelsFrom([...own, ['instance', `10.0.0.${i}:8000`], ['job', 'model']])),
  );
  const count = WARM_UP + REQUESTS;
  const first = Date.now() - count * SHAPE.intervalSeconds * 1000;
  const values = new Float64Array(labels.length);
  const bodies = Array.from({ length: count }, (_, request) => {
    services.forEach((service, i) => {
      service.step();
      values.set(service.values, i * service.values.length);
    });
    return writeRequest(labels, values, first + request * SHAPE.intervalSeconds * 1000);
  });
  return { bodies, series: labels.length };
}

interface Contestant {
  readonly name: string;
  readonly server: Server;
  cpuMs: number;
  wallMs: number;
}

await bench('ingest', (add) =>
  inTempFolder(async (folder) => {
    const { bodies, series } = makeRequests();
    const config = path.join(folder, 'none.yml');
    fs.writeFileSync(config, 'global: {}\n');
    const data = (name: string) => ({ config, data: path.join(folder, name) });
    const receiver = '--web.enable-remote-write-receiver';
    const contestants: Contestant[] = [];
    const enter = (name: string, server: Server) => contestants.push({ name, server, cpuMs: 0, wallMs: 0 });
    try {
      enter('isotherm', await startIsotherm(data('isotherm'), [receiver]));
      const [victoria, prometheus] = [findPeer('victoria-metrics'), findPeer('prometheus')];
      if (typeof victoria === 'string') add({ what: 'against victoria-metrics', skipped: victoria });
      else enter(victoria.name, await startVictoriaMetrics(victoria, data('victoria')));
      if (typeof prometheus === 'string') add({ what: 'against prometheus', skipped: prometheus });
      else enter(prometheus.name, await startPrometheus(prometheus, data('prometheus'), [receiver]));
      for (const { server } of contestants)
        for (const body of bodies.slice(0, WARM_UP)) await sendRequest(server.url, body);
      for (let from = WARM_UP; from < bodies.length; from += TURN) {
        for (const contestant of contestants) {
          const { server } = contestant;
          const [cpu, wall] = [cpuMsOf(server.pid), performance.now()];
          for (const body of bodies.slice(from, from + TURN)) await sendRequest(server.url, body);
          contestant.cpuMs += cpuMsOf(server.pid) - cpu;
          contestant.wallMs += performance.now() - wall;
        }
      }
    } finally {
      await Promise.all(contestants.map(({ server }) => server.stop()));
    }
    const samples = REQUESTS * series;
    const [ours, ...others] = contestants;
    const cpu = ({ cpuMs }: Contestant) => cpuMs / 1000 / (samples / 1e6);
    const day = ({ wallMs }: Contestant) => (wallMs / 1000 / samples) * (86_400 / SHAPE.intervalSeconds) * series;
    for (const [what, unit, of] of [
      ['remote write, processor', 's/M samples', cpu],
      [`a day of ${series} series, one request after the other`, 's', day],
    ] as const) {
      if (others.length === 0) add({ what, unit, ours: of(ours), skipped: 'nobody to compare with' });
      for (const other of others) {
        add({ what, unit, ours: of(ours), against: other.name, theirs: of(other), better: 'less' });
      }
    }
  }),
);
