/** Real targets, the real scrape manager and the real store, put together for a test. Jobs scrape each 300 ms unless they say otherwise. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../src/server/config/load.ts';
import { createScrapeManager, type ScrapeEvent, type ScrapeManager } from '../../src/server/scrape/manager.ts';
import type { TargetStatus } from '../../src/server/scrape/status.ts';
import type { Storage } from '../../src/server/storage/appender.ts';
import { systemClock } from '../../src/server/telemetry/clock.ts';
import { openTsdb, type Tsdb } from '../../src/server/tsdb/db.ts';
import { formatLabels } from '../../src/shared/model/labels.ts';
import { bitsOf, CELL_GAP, CELL_STALE, cellKind } from '../../src/shared/model/sampleBits.ts';

export type Jobs = Readonly<Record<string, { readonly targets: readonly string[]; readonly lines?: string }>>;

/** A rig that is fresh for each test of the file. */
export function useScrapeRig(): ScrapeRig {
  const rig = new ScrapeRig();
  beforeEach(() => rig.open());
  afterEach(() => rig.close());
  return rig;
}

/** A handler that answers with this page. */
export const page =
  (body: string | (() => string), type = 'text/plain; version=0.0.4'): RequestListener =>
  (_, response) =>
    void response.setHeader('content-type', type).end(typeof body === 'string' ? body : body());

export class ScrapeRig {
  dir = '';
  tsdb!: Tsdb;
  /** The real store, but for what a test puts in between before `start`. */
  storage!: Storage;
  manager: ScrapeManager | undefined;
  events: ScrapeEvent[] = [];
  logged: string[] = [];
  /** Names as of --enable-feature; set before `apply`. */
  features: readonly string[] = [];
  private onEvent: () => void = () => undefined;
  private readonly servers: TcpServer[] = [];

  async open(): Promise<void> {
    this.dir = mkdtempSync(join(tmpdir(), 'isotherm-scrape-'));
    this.storage = this.tsdb = await openTsdb({ path: join(this.dir, 'data') });
    this.events = [];
    this.logged = [];
    this.features = [];
    this.onEvent = () => undefined;
  }

  async close(): Promise<void> {
    await this.manager?.stop();
    this.manager = undefined;
    await this.tsdb.close();
    for (const server of this.servers.splice(0)) closeServer(server);
    rmSync(this.dir, { recursive: true });
  }

  /** The address of a server that answers so. */
  serve(handler: RequestListener): Promise<string> {
    return this.listen(createServer(handler));
  }

  async listen(server: TcpServer): Promise<string> {
    this.servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** An address where nothing listens (any more). */
  async nobody(): Promise<string> {
    const server = createServer();
    const address = await this.listen(server);
    await new Promise((done) => server.close(done));
    return address;
  }

  start(): void {
    this.manager = createScrapeManager({
      storage: this.storage,
      clock: systemClock,
      log: (level, message, fields) => void this.logged.push(`${level} ${message} ${JSON.stringify(fields)}`),
      onScrape: (event) => {
        this.events.push(event);
        this.onEvent();
      },
    });
  }

  /** Jobs by name, `lines` being further YAML of the job. */
  apply(jobs: Jobs): void {
    const parts = Object.entries(jobs).map(
      ([name, { targets, lines = '' }]) =>
        `- job_name: ${name}\n  static_configs: [{targets: ${JSON.stringify(targets)}}]\n${lines.replace(/^(?=.)/gm, '  ')}\n`,
    );
    const text = `global: {scrape_interval: 600ms}\nscrape_configs:\n${parts.join('')}`;
    this.manager?.apply(parseConfig(text, { dir: this.dir, path: 'test.yml', features: this.features }));
  }

  /** Resolves after n more scrapes of the job. */
  scrapes(n: number, job = 'a'): Promise<void> {
    const from = this.events.length;
    return new Promise((done) => {
      this.onEvent = () => {
        if (this.events.slice(from).filter((event) => event.job === job).length >= n) done();
      };
    });
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** All samples as `name{labels}` (without job and instance) → values in order of time, `stale` for ends. */
  async samples(name = '.+'): Promise<Record<string, (number | 'stale')[]>> {
    const matchers = [{ name: '__name__', op: '=~', value: name }] as const;
    const groups = await this.tsdb.select({ matchers, minTime: 0, maxTime: Date.now() + 10_000 });
    const out: Record<string, (number | 'stale')[]> = {};
    for (const { columns } of groups) {
      for (const { labels, values } of columns) {
        const bits = bitsOf(values);
        const list = (out[formatLabels(labels.filter(([n]) => n !== 'instance' && n !== 'job'))] ??= []);
        for (let i = 0; i < values.length; i++) {
          const kind = cellKind(bits, i);
          if (kind !== CELL_GAP) list.push(kind === CELL_STALE ? 'stale' : values[i]);
        }
      }
    }
    return out;
  }

  /** The first target of a job. */
  target(job = 'a'): TargetStatus {
    const found = this.manager?.active().find((target) => target.scrapePool === job);
    if (found === undefined) throw new Error(`job ${job} has no target`);
    return found;
  }
}

function closeServer(server: TcpServer): void {
  (server as Partial<Server>).closeAllConnections?.();
  server.close();
}
