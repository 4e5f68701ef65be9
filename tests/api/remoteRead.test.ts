/** Remote read over a real store: what is streamed is what is stored. */
import fs from 'node:fs';
import { compress } from 'snappyjs';
import { WireWriter } from '../../src/shared/bytes/protobufWire.ts';
import { compareLabels, formatLabels, type Labels } from '../../src/shared/model/labels.ts';
import { STALE_HIGH, STALE_LOW } from '../../src/shared/model/sampleBits.ts';
import { chunkedRead } from '../../src/server/cli/tsdb/chunkedRead.ts';
import type { HttpServer } from '../../src/server/http/server.ts';
import { openTsdb, type Tsdb } from '../../src/server/tsdb/db.ts';
import { decodeChunk } from '../../src/server/tsdb/prometheus/chunkEncoding.ts';
import { fakeServer } from '../support/fakeRooms.ts';
import { HISTORY_OPTIONS, writeStoreHistory } from '../support/storeHistory.ts';
import { ALL_TIME, makeFolder, readAll, sampleText, type SampleText } from '../support/tsdbSamples.ts';

const EVERYTHING = [{ name: '__name__', op: '=~', value: '.+' }] as const;

let folder: string;
let db: Tsdb;
const servers: HttpServer[] = [];

beforeAll(async () => {
  folder = makeFolder();
  db = await openTsdb({ path: folder, ...HISTORY_OPTIONS });
  await writeStoreHistory(db);
});
afterAll(async () => {
  for (const server of servers) await server.close();
  await db.close();
  fs.rmSync(folder, { recursive: true });
});

async function serve(options: { frameBytes?: number; external?: Labels; reads?: number } = {}): Promise<URL> {
  const { frameBytes = 1024 * 1024, external = [], reads = 10 } = options;
  const made = fakeServer(
    { remoteReadFrameBytesMax: frameBytes, remoteReadsMax: reads },
    { rooms: () => ({ ...made.fake.rooms(), queryable: db, ownQueryable: db }), externalLabels: () => external },
  );
  servers.push(made.server);
  return new URL(`http://${await made.server.listen('127.0.0.1', 0)}`);
}

interface Streamed {
  readonly samples: Record<string, Record<number, SampleText>>;
  /** As the frames came. */
  readonly labels: Labels[];
}

async function streamed(url: URL, matchers: Parameters<typeof chunkedRead>[1]): Promise<Streamed> {
  const samples: Streamed['samples'] = {};
  const labels: Labels[] = [];
  for await (const series of chunkedRead(url, matchers, ALL_TIME)) {
    labels.push(series.labels);
    const into = (samples[formatLabels(series.labels)] ??= {});
    const take = (t: number, text: SampleText) => {
      expect(into[t]).toBeUndefined();
      into[t] = text;
    };
    for (const { encoding, bytes } of series.chunks) {
      decodeChunk(encoding, bytes, {
        float: (t, low, high) => take(t, sampleText(low === STALE_LOW && high === STALE_HIGH, low, high)),
        histogram: (t, h) => take(t, sampleText(false, 0, 0, h.count)),
      });
    }
  }
  return { samples, labels };
}

test.each([1024 * 1024, 300, 1])('frames of %d bytes hold every sample once, series sorted', async (frameBytes) => {
  const { samples, labels } = await streamed(await serve({ frameBytes }), EVERYTHING);
  expect(samples).toEqual(await readAll(db, { matchers: EVERYTHING }));
  expect(labels).toEqual([...labels].sort(compareLabels));
  // A series is split where its chunks do not fit.
  expect(labels.length > Object.keys(samples).length).toBe(frameBytes < 1024);
});

test('external labels are added, fulfil what asks for them, and do not stand in for others', async () => {
  const url = await serve({ external: [['zone', 'eu']] });
  const name = { name: '__name__', op: '=', value: 'm7' } as const;
  const { labels } = await streamed(url, [name, { name: 'zone', op: '=', value: 'eu' }]);
  expect(labels.map(formatLabels)).toContain('m7{inst="ä", job="a", zone="eu"}');
  expect((await streamed(url, [name, { name: 'zone', op: '=', value: 'us' }])).labels).toEqual([]);
});

test('what cannot be answered says why', async () => {
  const request = new WireWriter().intAlways(2, 7).finish();
  const body = Buffer.from(compress(request));
  const answer = await fetch(new URL('/api/v1/read', await serve()), { method: 'POST', body });
  expect([answer.status, await answer.text()]).toEqual([
    400,
    'no known kind of answer among 7; ask for SAMPLES or STREAMED_XOR_CHUNKS\n',
  ]);
});

test('more reads than there are turns wait for one', async () => {
  const url = await serve({ reads: 1 });
  const all = await Promise.all(Array.from({ length: 5 }, () => streamed(url, EVERYTHING)));
  for (const { samples } of all) expect(samples).toEqual(all[0].samples);
});
