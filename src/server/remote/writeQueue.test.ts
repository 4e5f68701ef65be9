import fc from 'fast-check';
import { customOf } from '../../../tests/support/observedHistograms.ts';
import { MemoryQueryable } from '../../../tests/support/memoryQueryable.ts';
import { WireReader } from '../../shared/bytes/protobufWire.ts';
import { labelsOf } from '../../shared/model/labels.ts';
import type { RemoteQueueConfig } from '../config/config.ts';
import type { GroupWriter } from '../storage/appender.ts';
import { SelectLimitError, type SelectSpec } from '../storage/queryable.ts';
import type { Clock } from '../telemetry/clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { Backlog } from './backlog.ts';
import type { Committed } from './feed.ts';
import { OutgoingNames, rowsOf, type OutgoingRow } from './outgoing.ts';
import { request1Of } from './request1.ts';
import { WriteRefused, type Delivery } from './receiver.ts';
import { WriteQueue, type QueueParts } from './writeQueue.ts';

const CONFIG: RemoteQueueConfig = {
  capacity: 10,
  minShards: 1,
  maxShards: 2,
  samplesPerSend: 4,
  sendDeadlineMs: 1_000,
  minBackoffMs: 1,
  maxBackoffMs: 1,
  retryOn429: false,
  sampleAgeMs: 0,
};
const names = new OutgoingNames([], labelsOf({ zone: 'eu' }));
const row = (t: number, ...series: string[]): OutgoingRow[] =>
  rowsOf(
    {
      rows: [],
      samples: series.map((name) => ({ labels: labelsOf({ __name__: name }), t, values: Float64Array.of(t) })),
      exemplars: [],
    },
    names,
    { histograms: false, exemplars: false },
  );

const TARGET: GroupWriter = {
  ref: 1,
  columnCount: 3,
  column: () => 0,
  columnLabels: (column) => labelsOf({ __name__: 'abc'[column] }),
  metadata: new Map(),
};
/** As a target with three series is scraped. */
const scraped = (t: number): OutgoingRow[] =>
  rowsOf({ rows: [{ group: TARGET, t, values: Float64Array.of(t, t, t) }], samples: [], exemplars: [] }, names, {
    histograms: false,
    exemplars: false,
  });

/** Takes requests as `name@t` of each sample; down, it holds them until it is up again. */
class Receiver {
  readonly taken: string[] = [];
  readonly requests: string[][] = [];
  refuses: (sample: string) => boolean = () => false;
  #up: Promise<void> = Promise.resolve();
  #raise: () => void = () => undefined;

  goDown(): void {
    this.#up = new Promise((resolve) => (this.#raise = resolve));
  }
  comeUp(): void {
    this.#raise();
  }
  send = async (message: Uint8Array, stop: AbortSignal, delivery: Delivery) => {
    const samples = readRequest(message);
    await Promise.race([
      this.#up,
      new Promise((_, reject) => stop.addEventListener('abort', () => reject(new Error('stopped')))),
    ]);
    delivery.posted(message.length, 1);
    if (samples.some(this.refuses)) throw new WriteRefused('bad');
    this.taken.push(...samples);
    this.requests.push(samples);
  };
}

function readRequest(message: Uint8Array): string[] {
  const samples: string[] = [];
  for (const request = new WireReader(message); request.next();) {
    const series = request.message();
    let name = '';
    while (series.next()) {
      const part = series.message();
      let [label, t] = ['', 0];
      const field = series.field;
      while (part.next()) {
        if (field === 1) label = part.field === 2 && label === '__name__' ? (name = part.string()) : part.string();
        else if (part.field === 2) t = part.int();
        else part.skip();
      }
      if (field === 2) samples.push(`${name}@${t}`);
    }
  }
  return samples;
}

/** Time that passes only when told to. */
class TestClock implements Clock {
  #now = 100_000;
  #sleepers: { due: number; wake: () => void }[] = [];
  now = () => this.#now;
  sleepUntil = (due: number, stop?: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (stop?.aborted === true) return resolve();
      stop?.addEventListener('abort', () => resolve());
      this.#sleepers.push({ due, wake: resolve });
    });
  async pass(ms: number): Promise<void> {
    this.#now += ms;
    for (const { due, wake } of this.#sleepers) if (due <= this.#now) wake();
    this.#sleepers = this.#sleepers.filter(({ due }) => due > this.#now);
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

type Stored = [name: string, times: number[]][];

const memoryOf = (stored: Stored) =>
  new MemoryQueryable(
    stored.map(([name, times]) => ({
      labels: labelsOf({ __name__: name }),
      samples: times.map((t) => [t, t] as const),
      group: 'g',
    })),
  );

/** Gives some series after the others, as they are when they are asked for. */
class PartedQueryable extends MemoryQueryable {
  readonly #stored: Stored;
  readonly #before: (part: number) => void;

  constructor(stored: Stored, before: (part: number) => void = () => undefined) {
    super([]);
    this.#stored = stored;
    this.#before = before;
  }

  async *selectInParts({ maxSamples = Infinity, ...spec }: SelectSpec) {
    for (let i = 0; i < this.#stored.length; i += 2) {
      await Promise.resolve();
      this.#before(i / 2);
      const groups = await memoryOf(this.#stored).select(spec);
      const part = groups.map(({ times, columns }) => ({ times, columns: columns.slice(i, i + 2) }));
      const cells = part.reduce((sum, { times, columns }) => sum + times.length * columns.length, 0);
      if (cells > maxSamples) throw new SelectLimitError(cells, maxSamples);
      yield part;
    }
  }
}

interface RigOptions {
  readonly config?: Partial<RemoteQueueConfig>;
  readonly from?: number;
  readonly stored?: Stored;
  readonly queryable?: MemoryQueryable;
  /** Of a piece of the backlog. */
  readonly samplesMax?: number;
}

function rig({ config = {}, from, stored = [], queryable = memoryOf(stored), samplesMax }: RigOptions = {}) {
  const receiver = new Receiver();
  const clock = new TestClock();
  const sent: number[] = [];
  const parts: QueueParts = {
    config: { ...CONFIG, ...config },
    clock,
    log: silentLog,
    backlog: new Backlog(queryable, new OutgoingNames([], []), { histograms: false, exemplars: false }, samplesMax),
    send: receiver.send,
    encode: request1Of,
    onSent: (t) => sent.push(t),
  };
  return { receiver, clock, sent, queue: new WriteQueue(parts, from), parts };
}

test('samples wait for a full request or the deadline, and carry the labels of the server', async () => {
  const { receiver, clock, queue, sent } = rig();
  queue.add(row(1, 'a', 'b'));
  await settle();
  expect(receiver.requests).toEqual([]);
  await clock.pass(1_000);
  expect(receiver.requests).toEqual([['a@1', 'b@1']]);
  queue.add(row(2, 'a', 'b', 'c', 'd'));
  await settle();
  expect(receiver.requests[1]).toHaveLength(4);
  expect(sent.at(-1)).toBe(2 - 10_000);
  expect(Buffer.from(names.of(labelsOf({ __name__: 'a' }))!.labelFields).toString()).toContain('zone');
  await queue.close(100);
  expect(sent.at(-1)).toBe(2);
});

test('a row that does not fit by a little is sent along, as rows are not cut', async () => {
  const { receiver, queue } = rig({ config: { samplesPerSend: 8, capacity: 1_000 } });
  for (let t = 1; t <= 3; t++) queue.add(scraped(t));
  await settle();
  expect(receiver.requests.map(({ length }) => length)).toEqual([9]);
  await queue.close(100);
  const narrow = rig({ config: { samplesPerSend: 7, capacity: 1_000 } });
  for (let t = 1; t <= 3; t++) narrow.queue.add(scraped(t));
  await settle();
  expect(narrow.receiver.requests.map(({ length }) => length)).toEqual([6, 3]);
  await narrow.queue.close(100);
});

test('samples of a series stay in order, whatever the number of requests under way', async () => {
  const { receiver, queue, clock } = rig({ config: { maxShards: 8, capacity: 1_000 } });
  const series = ['a', 'b', 'c', 'd', 'e'];
  for (let t = 1; t <= 50; t++) queue.add(row(t, ...series));
  await clock.pass(1_000);
  await queue.close(1_000);
  for (const name of series) {
    const times = receiver.taken
      .filter((sample) => sample.startsWith(`${name}@`))
      .map((sample) => Number(sample.slice(2)));
    expect(times).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  }
});

test('what is refused is dropped and counted; the rest goes on', async () => {
  const { receiver, queue, clock } = rig();
  receiver.refuses = (sample) => sample === 'a@1';
  queue.add(row(1, 'a'));
  await clock.pass(1_000);
  queue.add(row(2, 'a'));
  await clock.pass(1_000);
  expect(receiver.taken).toEqual(['a@2']);
  expect(queue.counts).toMatchObject({ sent: { samples: 1 }, failed: { samples: 1 } });
  await queue.close(100);
});

test('when too many wait, the rest is read back from the store: nothing is lost, nothing comes twice', async () => {
  const times = Array.from({ length: 60 }, (_, i) => 100_001 + i);
  const { receiver, queue, clock } = rig({ stored: [['a', times]] });
  receiver.goDown();
  for (const t of times) queue.add(row(t, 'a'));
  await clock.pass(1_000);
  expect(queue.behindFrom).toBe(100_001 + 20);
  receiver.comeUp();
  await settle();
  await clock.pass(1_000);
  expect(receiver.taken).toEqual(times.map((t) => `a@${t}`));
  expect(queue.behindFrom).toBeUndefined();
  queue.add(row(200_000, 'a'));
  await clock.pass(1_000);
  expect(receiver.taken.at(-1)).toBe('a@200000');
  await queue.close(100);
});

test('more requests are under way while more waits, also where no row fills a round to the last sample', async () => {
  const { receiver, queue, clock, parts } = rig({ config: { maxShards: 8, capacity: 1_000 } });
  receiver.goDown();
  // Requests of four.
  for (let t = 1; t <= 200; t++) queue.add(scraped(t));
  await clock.pass(1_000);
  expect(queue.shards).toBe(1);
  const shards: number[] = [];
  parts.send = (message, stop, delivery) => {
    shards.push(queue.shards);
    return receiver.send(message, stop, delivery);
  };
  receiver.comeUp();
  await clock.pass(1_000);
  await queue.close(1_000);
  expect(receiver.taken).toHaveLength(600);
  expect(Math.max(...shards, queue.shards)).toBe(8);
});

test('after a restart it goes on where it ended', async () => {
  const { receiver, queue, clock, sent } = rig({ from: 50_003, stored: [['a', [50_001, 50_002, 50_003, 50_004]]] });
  await settle();
  await clock.pass(1_000);
  expect(receiver.taken).toEqual(['a@50003', 'a@50004']);
  await queue.close(100);
  expect(sent.at(-1)).toBe(50_004);
});

const timesOf = (taken: readonly string[], name: string) =>
  taken.filter((sample) => sample.startsWith(`${name}@`)).map((sample) => Number(sample.slice(name.length + 1)));

test('what waits in the store is sent once and in order, in however many pieces it is read', async () => {
  const anyTimes = fc.uniqueArray(fc.integer({ min: 40_000, max: 100_000 }), { maxLength: 12 });
  const anyStored = fc.array(anyTimes, { minLength: 1, maxLength: 7 });
  await fc.assert(
    fc.asyncProperty(anyStored, fc.integer({ min: 1, max: 40 }), async (series, samplesMax) => {
      const stored = series.map((times, i): Stored[number] => [`s${i}`, times.sort((a, b) => a - b)]);
      const { receiver, queue, sent } = rig({ from: 40_000, queryable: new PartedQueryable(stored), samplesMax });
      for (let round = 0; round < 200 && queue.behindFrom !== undefined; round++) await settle();
      expect(queue.behindFrom).toBeUndefined();
      await queue.close(1_000);
      for (const [name, times] of stored) expect(timesOf(receiver.taken, name)).toEqual(times);
      const newest = Math.max(0, ...series.flat());
      if (newest > 0) expect(sent.at(-1)).toBe(newest);
    }),
    { numRuns: 40 },
  );
});

test('of a window that is sent in part nothing is noted as sent, and a late sample in it is read with the next', async () => {
  const stored: Stored = ['a', 'b', 'c'].map((name) => [name, [50_000]]);
  let isLate = false;
  const queryable = new PartedQueryable(stored, (part) => {
    if (part !== 1 || isLate) return;
    isLate = true;
    stored[0][1].push(50_500);
    queue.add(row(50_500, 'a'));
  });
  const { receiver, queue, sent } = rig({ from: 50_000, queryable, samplesMax: 2, config: { minShards: 1 } });
  for (let round = 0; round < 100 && !receiver.taken.includes('c@50000'); round++) {
    expect(sent.every((t) => t < 50_000)).toBe(true);
    await settle();
  }
  for (let round = 0; round < 100 && queue.behindFrom !== undefined; round++) await settle();
  await queue.close(1_000);
  expect(timesOf(receiver.taken, 'a')).toContain(50_500);
});

test('closing sends what waits; what a receiver that is down does not take is not noted as sent', async () => {
  const first = rig();
  first.queue.add(row(1, 'a'));
  await first.queue.close(1_000);
  expect(first.receiver.taken).toEqual(['a@1']);
  const second = rig();
  second.receiver.goDown();
  second.queue.add(row(1, 'a'));
  await second.queue.close(10);
  expect([second.receiver.taken, second.sent]).toEqual([[], []]);
});

test('samples older than sample_age_limit are not sent', async () => {
  const { receiver, queue, clock } = rig({ config: { sampleAgeMs: 5_000 } });
  queue.add(row(90_000, 'a'));
  queue.add(row(99_000, 'a'));
  await clock.pass(1_000);
  expect(receiver.taken).toEqual(['a@99000']);
  expect(queue.counts.dropped).toEqual({ samples: 1, histograms: 0, exemplars: 0 });
  await queue.close(100);
});

test('what comes is counted by kind as it waits, is sent, sent in part, and found no room', async () => {
  const { receiver, queue, clock, parts } = rig({ config: { capacity: 4, maxShards: 1 } });
  const histogram = customOf([1], Float64Array.of(2));
  const labels = labelsOf({ __name__: 'h' });
  const committed: Committed = {
    rows: [],
    samples: [
      { labels: labelsOf({ __name__: 'a' }), t: 1, values: Float64Array.of(1) },
      { labels: labelsOf({ __name__: 'b' }), t: 1, values: Float64Array.of(1) },
      { labels, t: 3, values: Float64Array.of(NaN), histogram },
    ],
    exemplars: [{ labels, exemplar: { labels: [], v: 1, t: 4 } }],
  };
  queue.add(rowsOf(committed, names, { histograms: true, exemplars: true }));
  expect(queue.pending).toEqual({ samples: 2, histograms: 1, exemplars: 1 });
  queue.add(row(9, 'c'));
  queue.add(row(8, 'c'));
  expect(queue.counts).toMatchObject({ full: 2, newestCome: 9 });
  parts.send = async (message, _stop, delivery) => {
    delivery.posted(message.length, 1);
    delivery.retried();
    throw new WriteRefused('in part', { samples: 1, histograms: 0, exemplars: 5 });
  };
  await clock.pass(1_000);
  expect(queue.counts).toMatchObject({
    sent: { samples: 1, histograms: 0, exemplars: 1 },
    failed: { samples: 1, histograms: 1, exemplars: 0 },
    retried: { samples: 2, histograms: 1, exemplars: 1 },
    retries: 1,
  });
  parts.send = receiver.send;
  await queue.close(100);
});
