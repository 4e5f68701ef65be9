/**
 * Targets to scrape, served as cheaply as Node can from a process of its own: pages are made beforehand and written to the socket as they are.
 * Run as a child (`startFarm`); the path of a request is `/<contestant>/<target>`, so that it is known who fetched what and when.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { ServingService } from '../data/mlServing.ts';
import { pageWriter } from '../data/page.ts';
import { median } from './measure.ts';

/** Pages are made for this many services; targets beyond them show the same numbers at other times. */
const SERVICES = 10;
const GZIP_LEVEL = 1;
export const LATE_MS = 50;

export interface FarmShape {
  readonly targets: number;
  readonly histograms: number;
  readonly plain: number;
  /** Pages change each second, this many times. */
  readonly seconds: number;
  readonly gzip: boolean;
  /** Between two scrapes of a target. */
  readonly scrapeSeconds: number;
  /** One target after the other shows all its series under new labels, one a second. */
  readonly redeploy: boolean;
}

/** What one contestant fetched in a span of time. */
export interface Fetched {
  readonly pages: number;
  /** Scrapes that did not come, by the gaps between those that did. */
  readonly missed: number;
  /** Those that came more than LATE_MS after their target's time, which is where in the interval most of its scrapes are. */
  readonly late: number;
}

export interface Farm {
  readonly port: number;
  /** Of each page, `bench_page` included. */
  readonly series: number;
  /** Times are milliseconds since 1970. */
  fetched(contestant: string, from: number, to: number): Promise<Fetched>;
  /** When a page, by the value of its `bench_page`, was first handed to a contestant; undefined if it was not. */
  servedAt(contestant: string, target: number, page: number): Promise<number | undefined>;
  stop(): void;
}

type Question =
  | { readonly ask: 'fetched'; readonly contestant: string; readonly from: number; readonly to: number }
  | { readonly ask: 'servedAt'; readonly contestant: string; readonly target: number; readonly page: number };

export async function startFarm(shape: FarmShape): Promise<Farm> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(shape)]);
  const [{ port, series }] = (await once(child, 'message')) as [{ port: number; series: number }];
  const ask = async (question: Question) => {
    child.send(question);
    const [{ answer }] = (await once(child, 'message')) as [{ answer: unknown }];
    return answer;
  };
  return {
    port,
    series,
    fetched: async (contestant, from, to) => (await ask({ ask: 'fetched', contestant, from, to })) as Fetched,
    servedAt: async (contestant, target, page) =>
      (await ask({ ask: 'servedAt', contestant, target, page })) as number | undefined,
    stop: () => void child.kill(),
  };
}

interface MadePage {
  readonly body: Buffer;
  /** With its head, as it goes over the wire. */
  readonly answer: Buffer;
}

interface Serving {
  readonly at: number;
  readonly page: number;
}

class FarmServer {
  readonly #shape: FarmShape;
  /** By service and second. */
  readonly #pages: readonly (readonly MadePage[])[];
  readonly #startedAt = Date.now();
  /** By `/contestant/target`. */
  readonly #servings = new Map<string, Serving[]>();
  /** The page that a target showed last under its new labels. */
  readonly #relabelled = new Map<number, { readonly page: number; readonly answer: Buffer }>();

  constructor(shape: FarmShape) {
    this.#shape = shape;
    this.#pages = Array.from({ length: Math.min(SERVICES, shape.targets) }, (_, i) => {
      const service = new ServingService({ ...shape, seed: i + 1, intervalSeconds: 1 });
      const write = pageWriter(service);
      return Array.from({ length: shape.seconds }, (_, page) => {
        service.step();
        const body = Buffer.concat([write(), Buffer.from(`# TYPE bench_page gauge\nbench_page ${page}\n`)]);
        return { body, answer: this.#answer(body) };
      });
    });
  }

  listen(): net.Server {
    return net.createServer((socket) => {
      let request = '';
      socket.setNoDelay();
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        request += bytes.toString('latin1');
        for (let end = request.indexOf('\r\n\r\n'); end >= 0; end = request.indexOf('\r\n\r\n')) {
          const path = request.slice(4, request.indexOf(' ', 4));
          request = request.slice(end + 4);
          socket.write(this.#serve(path));
        }
      });
    });
  }

  answer(question: Question): Fetched | number | undefined {
    if (question.ask === 'servedAt') {
      const servings = this.#servings.get(`/${question.contestant}/${question.target}`);
      return servings?.find(({ page }) => page === question.page)?.at;
    }
    let pages = 0;
    let missed = 0;
    let late = 0;
    for (const [path, servings] of this.#servings) {
      if (!path.startsWith(`/${question.contestant}/`)) continue;
      const times = servings.map(({ at }) => at).filter((at) => at >= question.from && at < question.to);
      pages += times.length;
      const intervalMs = 1000 * this.#shape.scrapeSeconds;
      for (let i = 1; i < times.length; i++)
        missed += Math.max(0, Math.round((times[i] - times[i - 1]) / intervalMs) - 1);
      late += lateCount(times, intervalMs);
    }
    return { pages, missed, late };
  }

  #serve(path: string): Buffer {
    const { seconds } = this.#shape;
    const at = Date.now();
    const page = Math.min(seconds - 1, Math.floor((at - this.#startedAt) / 1000));
    let servings = this.#servings.get(path);
    if (servings === undefined) this.#servings.set(path, (servings = []));
    servings.push({ at, page });
    return this.#page(Number(path.slice(path.lastIndexOf('/') + 1)), page);
  }

  #page(target: number, page: number): Buffer {
    const made = this.#pages[target % this.#pages.length][page];
    const { targets, redeploy } = this.#shape;
    const generation = redeploy ? Math.floor((page - target + targets) / targets) : 0;
    if (generation === 0) return made.answer;
    const known = this.#relabelled.get(target);
    if (known?.page === page) return known.answer;
    const answer = this.#answer(relabelled(made.body, `pod="${target}-${generation}"`));
    this.#relabelled.set(target, { page, answer });
    return answer;
  }

  #answer(body: Buffer): Buffer {
    const { gzip } = this.#shape;
    const sent = gzip ? gzipSync(body, { level: GZIP_LEVEL }) : body;
    const head = [
      'HTTP/1.1 200 OK',
      'Content-Type: text/plain; version=0.0.4; charset=utf-8',
      ...(gzip ? ['Content-Encoding: gzip'] : []),
      `Date: ${new Date().toUTCString()}`,
      `Content-Length: ${sent.length}`,
    ];
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), sent]);
  }
}

function lateCount(times: readonly number[], intervalMs: number): number {
  const half = intervalMs / 2;
  // From the first one's place in the interval, the shorter way round.
  const places = times.map((at) => ((((at - times[0] + half) % intervalMs) + intervalMs) % intervalMs) - half);
  const usual = median(places);
  return places.filter((place) => place - usual > LATE_MS).length;
}

/** Every series but `bench_page`, which has no labels, with one more label. */
function relabelled(page: Buffer, label: string): Buffer {
  return Buffer.from(page.toString('latin1').replace(/^(\w+)\{/gm, `$1{${label},`), 'latin1');
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  const shape = JSON.parse(process.argv[2]) as FarmShape;
  const farm = new FarmServer(shape);
  const server = farm.listen();
  process.on('message', (question: Question) => process.send!({ answer: farm.answer(question) }));
  process.on('disconnect', () => process.exit());
  server.listen(0, '127.0.0.1', () => {
    const { length } = new ServingService({ ...shape, seed: 1, intervalSeconds: 1 }).labels;
    process.send!({ port: (server.address() as net.AddressInfo).port, series: length + 1 });
  });
}
