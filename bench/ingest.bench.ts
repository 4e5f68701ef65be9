/**
 * Remote write of a day of 2,000 series at 15 s: processor time of requests of an interval each, once compiled; and how long a server that was just started
 * takes for the day from two senders, each with its half of the series, as a Prometheus that catches up has them.
 *
 * ISOTHERM_BENCH_REQUESTS=500 takes that many requests in place of a day's 5,760.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { labelsFrom } from '../src/shared/model/labels.ts';
import { ServingService } from './data/mlServing.ts';
import { RequestWriter, sendRequest } from './data/writeRequests.ts';
import { inTempFolder } from './harness/leftovers.ts';
import { cpuMsOf } from './harness/measure.ts';
import { findPeer } from './harness/peers.ts';
import { bench } from './harness/report.ts';
import { startIsotherm, startPrometheus, startVictoriaMetrics, type Server } from './harness/server.ts';

const SERVICES = 2;
const SHAPE = { histograms: 44, plain: 32, intervalSeconds: 15 };
const DAY_REQUESTS = 86_400 / SHAPE.intervalSeconds;
const REQUESTS = Number(process.env.ISOTHERM_BENCH_REQUESTS ?? DAY_REQUESTS);
/** Of the requests, those before are not counted: until then half of what ours takes is compiling, the first blocks included. */
const WARM_UP_SHARE = 0.3;
/** Requests that a contestant takes before the next one's turn. */
const TURN = 50;
/** A server that takes less than this share of a core for so long has ended what it put off. */
const RESTING = { share: 0.05, ms: 2_000, waitMsMax: 60_000 };

type Body = Uint8Array<ArrayBuffer>;

interface Day {
  readonly series: number;
  /** A request an interval. */
  readonly all: readonly Body[];
  /** Of each sender: half of the series, and as many requests, each of two intervals. */
  readonly halves: readonly (readonly Body[])[];
}

/** The newest of about now. */
function makeDay(): Day {
  const services = Array.from({ length: SERVICES }, (_, i) => new ServingService({ seed: i + 1, ...SHAPE }));
  const labels = services.flatMap((service, i) =>
    service.labels.map((own) => labelsFrom([...own, ['instance', `10.0.0.${i}:8000`], ['job', 'model']])),
  );
  const series = labels.length;
  const writer = new RequestWriter(labels);
  const first = Date.now() - REQUESTS * SHAPE.intervalSeconds * 1000;
  const timeAt = (request: number) => first + request * SHAPE.intervalSeconds * 1000;
  const values = new Float64Array(2 * series);
  const all: Body[] = [];
  const halves: Body[][] = [[], []];
  for (let request = 0; request + 1 < REQUESTS; request += 2) {
    const times = [timeAt(request), timeAt(request + 1)];
    times.forEach((t, row) => {
      services.forEach((service, i) => {
        service.step();
        values.set(service.values, row * series + i * service.values.length);
      });
      all.push(writer.request(values.subarray(row * series), [t]));
    });
    halves[0].push(writer.request(values, times, 0, series / 2));
    halves[1].push(writer.request(values, times, series / 2, series));
  }
  return { series, all, halves };
}

interface Contestant {
  readonly name: string;
  readonly start: (folder: string) => Promise<Server>;
  cpuMs: number;
  dayMs: number;
  dayCpuMs: number;
}

/** All take the same requests, in turns, also while they warm up: one that waits for the others' takes a fifth more for long after. */
async function takeWarm(contestants: readonly Contestant[], { all }: Day, folder: string): Promise<void> {
  const warmUp = Math.round((all.length * WARM_UP_SHARE) / TURN) * TURN;
  const entered: { contestant: Contestant; server: Server }[] = [];
  try {
    for (const contestant of contestants)
      entered.push({ contestant, server: await contestant.start(path.join(folder, `${contestant.name} warm`)) });
    for (let from = 0; from < all.length; from += TURN) {
      for (const { contestant, server } of entered) {
        const cpu = cpuMsOf(server.pid);
        for (const body of all.slice(from, from + TURN)) await sendRequest(server.url, body);
        if (from >= warmUp) contestant.cpuMs += (cpuMsOf(server.pid) - cpu) / (all.length - warmUp);
      }
    }
  } finally {
    await Promise.all(entered.map(({ server }) => server.stop()));
  }
}

/** From an empty folder: until the last answer, and the processor time until it rests. */
async function takeDay(contestant: Contestant, { halves }: Day, folder: string): Promise<void> {
  const server = await contestant.start(path.join(folder, `${contestant.name} day`));
  try {
    const [cpu, started] = [cpuMsOf(server.pid), performance.now()];
    await Promise.all(
      halves.map(async (bodies) => {
        for (const body of bodies) await sendRequest(server.url, body);
      }),
    );
    contestant.dayMs = performance.now() - started;
    await resting(server.pid);
    contestant.dayCpuMs = cpuMsOf(server.pid) - cpu;
  } finally {
    await server.stop();
  }
}

async function resting(pid: number): Promise<void> {
  for (const deadline = Date.now() + RESTING.waitMsMax; Date.now() < deadline;) {
    const cpu = cpuMsOf(pid);
    await sleep(RESTING.ms);
    if (cpuMsOf(pid) - cpu < RESTING.ms * RESTING.share) return;
  }
}

await bench('ingest', (add) =>
  inTempFolder(async (folder) => {
    const day = makeDay();
    const config = path.join(folder, 'none.yml');
    fs.writeFileSync(config, 'global: {}\n');
    const receiver = '--web.enable-remote-write-receiver';
    const contestants: Contestant[] = [];
    const enter = (name: string, start: (folders: { config: string; data: string }) => Promise<Server>) =>
      contestants.push({ name, start: (data) => start({ config, data }), cpuMs: 0, dayMs: 0, dayCpuMs: 0 });
    enter('isotherm', (folders) => startIsotherm(folders, [receiver]));
    const [victoria, prometheus] = [findPeer('victoria-metrics'), findPeer('prometheus')];
    if (typeof victoria === 'string') add({ what: 'against victoria-metrics', skipped: victoria });
    else enter(victoria.name, (folders) => startVictoriaMetrics(victoria, folders));
    if (typeof prometheus === 'string') add({ what: 'against prometheus', skipped: prometheus });
    else enter(prometheus.name, (folders) => startPrometheus(prometheus, folders, [receiver]));
    await takeWarm(contestants, day, folder);
    for (const contestant of contestants) await takeDay(contestant, day, folder);
    const { series } = day;
    const perMillion = (requestMs: number) => requestMs / 1000 / (series / 1e6);
    const [ours, ...others] = contestants;
    for (const [what, unit, of] of [
      ['remote write, processor', 's/M samples', ({ cpuMs }) => perMillion(cpuMs)],
      [
        `a day of ${series} series from two senders`,
        's',
        ({ dayMs }) => (dayMs / 1000 / day.all.length) * DAY_REQUESTS,
      ],
      [
        'that day from an empty folder until at rest, processor',
        's/M samples',
        ({ dayCpuMs }) => perMillion(dayCpuMs / day.all.length),
      ],
    ] as [string, string, (contestant: Contestant) => number][]) {
      if (others.length === 0) add({ what, unit, ours: of(ours), skipped: 'nobody to compare with' });
      for (const other of others) {
        add({ what, unit, ours: of(ours), against: other.name, theirs: of(other), better: 'less' });
      }
    }
  }),
);
