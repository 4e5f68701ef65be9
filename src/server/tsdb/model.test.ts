/** The store beside a map of maps: whatever is done to it, it holds what was taken, each sample once. */
import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import { ALL_TIME, copyAsKilled, makeFolder, readAll, sampleText, textOf } from '../../../tests/support/tsdbSamples.ts';
import { formatLabels, labelsOf, type Labels } from '../../shared/model/labels.ts';
import { bitsOf, fillGaps, setStale } from '../../shared/model/sampleBits.ts';
import type { Appender } from '../storage/appender.ts';
import { DISK, type BlockFiles } from './block/blockFiles.ts';
import { BlockDamage } from './block/chunkBytes.ts';
import { openTsdb, type Tsdb } from './db.ts';
import { LAG_MAX_MS } from './head/head.ts';
import type { WriteFile } from './wal/log.ts';
import { RECORD } from './wal/records.ts';

type Value = number | 'stale';
type Step =
  | {
      do: 'rows';
      group: number;
      count: number;
      stepMs: number;
      cells: readonly (Value | 'gap')[];
      ages: readonly number[];
    }
  | { do: 'samples'; list: readonly { series: number; agoMs: number; value: Value }[] }
  | { do: 'requests'; count: number; stepMs: number; cells: readonly (Value | 'gap')[] }
  | { do: 'histogram'; series: number; count: number }
  | { do: 'delete'; name: string; fromAgoMs: number; toAgoMs: number }
  | { do: 'dyingFlush'; diskSteps: number }
  | { do: 'fullDisk' | 'tornCommit'; share: number }
  | { do: 'flippedBit'; file: number; where: number; bit: number }
  | { do: 'query' | 'flush' | 'kill' | 'clean' | 'openSnapshot' | 'reopen' | 'reopenWithLogOfBeforeFlush' };

const value = fc.oneof(fc.nat(5), fc.double(), fc.integer(), fc.constantFrom<Value>('stale', -0, NaN, Infinity));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('rows' as const),
    group: fc.nat(1),
    count: fc.constantFrom(1, 2, 59, 60, 61, 239, 240, 241),
    // Blocks of hours are merged into longer ones.
    stepMs: fc.constantFrom(1, 1000, 15_000, 600_000),
    cells: fc.array(fc.oneof(value, fc.constant('gap' as const)), { maxLength: 5 }),
    /** Of the counters in the first columns, in milliseconds before the first row. */
    ages: fc.array(fc.constantFrom(0, 1, 400, 400, 15_000, 15_001, 3_600_000, 3_600_001), { maxLength: 4 }),
  }),
  fc.record({
    do: fc.constant('samples' as const),
    list: fc.array(fc.record({ series: fc.nat(3), agoMs: fc.oneof(fc.nat(3), fc.nat(100_000)), value })),
  }),
  fc.record({
    do: fc.constant('requests' as const),
    count: fc.constantFrom(1, 2, 13, 60),
    stepMs: fc.constantFrom(0, 1, 15_000),
    /** By series. */
    cells: fc.array(fc.oneof(value, fc.constant('gap' as const)), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ do: fc.constant('histogram' as const), series: fc.nat(3), count: fc.nat(9) }),
  fc.record({
    do: fc.constant('delete' as const),
    name: fc.constantFrom('r[01]', 's.', 's0', '.*2'),
    fromAgoMs: fc.constantFrom(1, 10, 60_000, 2_000_000, Infinity),
    toAgoMs: fc.constantFrom(-Infinity, 0, 5, 30_000),
  }),
  fc.record({ do: fc.constantFrom('clean' as const, 'openSnapshot' as const) }),
  fc.record({ do: fc.constant('dyingFlush' as const), diskSteps: fc.nat(40) }),
  fc.record({
    do: fc.constant('flippedBit' as const),
    file: fc.nat(),
    where: fc.double({ min: 0, max: 0.999999, noNaN: true }),
    bit: fc.nat(7),
  }),
  fc.record({
    do: fc.constantFrom('fullDisk' as const, 'tornCommit' as const),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ do: fc.constantFrom('kill' as const, 'query' as const) }),
  fc.record({ do: fc.constantFrom('flush' as const, 'reopen' as const, 'reopenWithLogOfBeforeFlush' as const) }),
);

const rowLabels = (group: number, column: number) => labelsOf({ __name__: `r${column}`, job: `g${group}` });
const looseLabels = (series: number) => labelsOf({ __name__: `s${series}`, job: 'push', instance: `${series % 2}` });

/** The disk, until it is told otherwise. */
class FaultyDisk {
  /** Steps of writing blocks and checkpoints that still succeed. */
  stepsLeft = Infinity;
  #share = -1;
  #whenBroken = () => {};

  /** The next write of the log takes a share of its bytes; the disk is full then, until heal() or the write after it. */
  breakNextWrite(share: number, whenBroken: () => void): void {
    this.#share = share;
    this.#whenBroken = whenBroken;
  }

  heal(): void {
    this.stepsLeft = Infinity;
    this.#share = -1;
  }

  readonly writeLog: WriteFile = (fd, bytes) => {
    if (this.#share < 0) return fs.writeSync(fd, bytes);
    const taken = Math.floor(this.#share * bytes.length);
    this.#share = -1;
    if (taken > 0) fs.writeSync(fd, bytes.subarray(0, Math.min(taken, bytes.length - 1)));
    this.#whenBroken();
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  };

  readonly files: BlockFiles = {
    create: async (file) => {
      this.#step();
      const handle = await DISK.create(file);
      return {
        write: async (bytes) => {
          if (this.stepsLeft === 0) await handle.write(bytes.subarray(0, bytes.length >> 1));
          this.#step();
          await handle.write(bytes);
        },
        sync: () => this.#then(() => handle.sync()),
        close: () => handle.close(),
      };
    },
    checksum: (file) => this.#then(() => DISK.checksum(file)),
    rename: (from, to) => this.#then(() => DISK.rename(from, to)),
    remove: (file) => this.#then(() => DISK.remove(file)),
    removeNow: (file) => {
      this.#step();
      DISK.removeNow(file);
    },
    syncFolder: (folder) => this.#then(() => DISK.syncFolder(folder)),
  };

  async #then<T>(work: () => Promise<T>): Promise<T> {
    this.#step();
    return work();
  }

  #step(): void {
    if (this.stepsLeft === 0) throw new Error('the process has ended');
    this.stepsLeft--;
  }
}

/** A block whose chunk is damaged refuses the select. */
function nothingWhereDamaged(error: unknown): Record<string, never> {
  expect(error).toBeInstanceOf(BlockDamage);
  return {};
}

class Run {
  folder = makeFolder();
  readonly model: Record<string, Record<number, string>> = {};
  /** Newest sample that each series had, deleted ones included. */
  readonly last: Record<string, { t: number; text: string }> = {};
  /** Late samples that were taken at a time at which the series had one. */
  readonly shadowed = new Set<string>();
  /** Deleted and not cleaned: late samples are not seen there either. */
  deleted: { series: string; from: number; to: number }[] = [];
  readonly outOfOrderWindowMs: number;
  readonly disk = new FaultyDisk();
  tornRecordsCut = 0;
  db!: Tsdb;
  now = 1_700_000_000_000;
  readonly newestRow: Record<number, number> = {};
  /** Newest sample committed, of any series. */
  newest = -Infinity;

  constructor(outOfOrderWindowMs: number) {
    this.outOfOrderWindowMs = outOfOrderWindowMs;
  }

  async open(): Promise<void> {
    const { outOfOrderWindowMs } = this;
    const retention = { ageMs: 0, bytes: 0, percentage: 0 };
    const options = { outOfOrderWindowMs, blockRangeMs: Infinity, segmentSizeMax: 2000, retention };
    const { files, writeLog } = this.disk;
    this.db = await openTsdb({ path: this.folder, ...options }, { files, writeLog });
  }

  async end(): Promise<void> {
    await this.db.close();
    fs.rmSync(this.folder, { recursive: true });
  }

  async apply(s: Step): Promise<void> {
    if (s.do === 'rows') await this.rows(s);
    else if (s.do === 'samples') await this.samples(s);
    else if (s.do === 'requests') await this.requests(s);
    else if (s.do === 'histogram') await this.histogram(s);
    else if (s.do === 'delete') await this.delete(s);
    else if (s.do === 'clean') await this.clean();
    else if (s.do === 'openSnapshot') await this.openSnapshot();
    else if (s.do === 'flush') await this.db.flush();
    else if (s.do === 'kill') await this.goOnWith(copyAsKilled(this.folder));
    else if (s.do === 'dyingFlush') await this.dyingFlush(s.diskSteps);
    else if (s.do === 'flippedBit') await this.flippedBit(s);
    else if (s.do === 'query') await this.expectAll();
    else if (s.do === 'fullDisk' || s.do === 'tornCommit') await this.brokenCommit(s.do, s.share);
    else await this.reopen(s.do === 'reopenWithLogOfBeforeFlush');
  }

  async rows({ group, count, stepMs, cells, ages }: Step & { do: 'rows' }): Promise<void> {
    const writer = this.db.group(`g${group}`);
    cells.forEach((_, c) => writer.column(rowLabels(group, c)));
    for (let i = 0; i < count; i++) {
      this.now += stepMs;
      const appender = this.db.appender();
      if (i === 0) this.created(appender, group, ages.slice(0, cells.length));
      const row = new Float64Array(writer.columnCount);
      const bits = bitsOf(row);
      fillGaps(row);
      cells.forEach((cell, c) => {
        if (cell === 'gap') return;
        if (cell === 'stale') setStale(bits, c);
        else row[c] = i % 3 === 0 ? cell : cell + i;
        this.keep(rowLabels(group, c), this.now, sampleText(cell === 'stale', bits[2 * c], bits[2 * c + 1]));
      });
      expect(appender.appendRow(writer, this.now, row)).toBe('ok');
      await appender.commit();
    }
    this.newest = this.newestRow[group] = this.now;
  }

  /** Zeros where counters began. Where rows of the group are as new, the store may not know whether the series has none, and appends none then. */
  private created(appender: Appender, group: number, ages: readonly number[]): void {
    const began = Float64Array.from(ages, (age) => this.now - age);
    const series = ages.map((_, c) => formatLabels(rowLabels(group, c)));
    const taken = new Set<number>();
    const rowsBefore = this.newestRow[group] ?? -Infinity;
    appender.appendCreatedColumns(
      this.db.group(`g${group}`),
      this.now,
      Uint32Array.from(ages.keys()),
      began,
      (c, t) => {
        expect(t).toBe(began[c]);
        taken.add(c);
      },
    );
    ages.forEach((age, c) => {
      const isAllowed = age > 0 && age <= LAG_MAX_MS;
      const visible = Object.keys(this.model[series[c]] ?? {}).filter((t) => Number(t) >= began[c]);
      if (taken.has(c)) expect([isAllowed, visible]).toEqual([true, []]);
      else if (isAllowed) expect(began[c]).toBeLessThanOrEqual(rowsBefore);
      if (taken.has(c)) this.keep(rowLabels(group, c), began[c], textOf(0));
    });
  }

  async samples({ list }: Step & { do: 'samples' }): Promise<void> {
    const appender = this.db.appender();
    this.now += 1;
    // What the commit stages is not looked at before it is made.
    const newestVisible = this.newestVisible();
    for (const { series, agoMs, value: v } of list) {
      const t = this.now - agoMs;
      const labels = looseLabels(series);
      const outcome = v === 'stale' ? appender.appendStale(labels, t) : appender.append(labels, t, v);
      this.expectOutcome(outcome, labels, t, v === 'stale' ? 'stale' : textOf(v), newestVisible);
    }
    await appender.commit();
    this.commitModel();
  }

  /** As remote write brings them: samples of one time, group by group. */
  async requests({ count, stepMs, cells }: Step & { do: 'requests' }): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.now += stepMs;
      const appender = this.db.appender();
      for (const first of [0, 1]) {
        const sent = cells.flatMap((cell, series) =>
          series % 2 === first && cell !== 'gap' ? [{ cell, series }] : [],
        );
        if (sent.length === 0) continue;
        const values = Float64Array.from(sent, ({ cell }) => (cell === 'stale' ? 0 : i % 3 === 0 ? cell : cell + i));
        const bits = bitsOf(values);
        sent.forEach(({ cell }, at) => cell === 'stale' && setStale(bits, at));
        const places = sent.map(({ series }) => appender.place(looseLabels(series)));
        const columns = Int32Array.from(places, ({ column }) => column);
        const times = new Float64Array(sent.length).fill(this.now);
        const refused: string[] = [];
        const refuse = (outcome: string) => void refused.push(outcome);
        appender.appendCells(places[0].group, { columns, times, bits }, 0, sent.length, refuse);
        const expected = sent.map(({ cell, series }, at) => {
          const text = sampleText(cell === 'stale', bits[2 * at], bits[2 * at + 1]);
          const last = this.last[formatLabels(looseLabels(series))];
          const outcome = last?.t !== this.now || last.text === text ? 'ok' : 'duplicate';
          this.expectOutcome(outcome, looseLabels(series), this.now, text, this.newestVisible());
          return outcome;
        });
        expect(refused).toEqual(expected.filter((outcome) => outcome !== 'ok'));
      }
      await appender.commit();
      this.commitModel();
    }
  }

  async histogram({ series, count }: Step & { do: 'histogram' }): Promise<void> {
    this.now += 1;
    const none = new Float64Array(0);
    const appender = this.db.appender();
    const outcome = appender.appendHistogram(looseLabels(series), this.now, {
      ...{ schema: 0, zeroThreshold: 0, zeroCount: 0, count, sum: 1, positiveSpans: [], negativeSpans: [] },
      ...{ positiveBuckets: none, negativeBuckets: none, counterReset: 'unknown' },
    });
    expect(outcome).toBe('ok');
    this.keep(looseLabels(series), this.now, `histogram of ${count}`);
    await appender.commit();
    this.commitModel();
  }

  async delete({ name, fromAgoMs, toAgoMs }: Step & { do: 'delete' }): Promise<void> {
    const range = { minTime: this.now - fromAgoMs, maxTime: this.now - toAgoMs };
    await this.db.deleteSeries([[{ name: '__name__', op: '=~', value: name }]], range);
    const matches = new RegExp(`^(?:${name})\\{`);
    for (const [series, { t: last }] of Object.entries(this.last)) {
      if (!matches.test(series)) continue;
      const to = Math.min(range.maxTime, last);
      this.deleted.push({ series, from: range.minTime, to });
      const samples = this.model[series] ?? {};
      for (const t of Object.keys(samples)) if (this.isDeleted(series, Number(t))) delete samples[Number(t)];
      if (Object.keys(samples).length === 0) delete this.model[series];
    }
  }

  async clean(): Promise<void> {
    await this.db.cleanTombstones();
    this.deleted = [];
    expect(this.db.stats().tombstones).toBe(0);
  }

  /** A snapshot holds all there is; what is done after it is done to the snapshot. */
  async openSnapshot(): Promise<void> {
    const name = await this.db.snapshot();
    await this.db.close();
    const taken = makeFolder();
    fs.rmSync(taken, { recursive: true });
    fs.renameSync(path.join(this.folder, 'snapshots', name), taken);
    fs.rmSync(this.folder, { recursive: true });
    this.folder = taken;
    await this.open();
  }

  async reopen(withOldLog: boolean): Promise<void> {
    const [wal, kept] = [path.join(this.folder, 'wal'), path.join(this.folder, 'kept')];
    if (withOldLog) {
      fs.cpSync(wal, kept, { recursive: true });
      await this.db.flush();
    }
    await this.db.close();
    if (withOldLog) {
      fs.rmSync(wal, { recursive: true });
      fs.renameSync(kept, wal);
    }
    await this.open();
  }

  /** What a killed process left takes the place of the folder. */
  async goOnWith(left: string): Promise<void> {
    this.disk.heal();
    await this.db.close();
    fs.rmSync(this.folder, { recursive: true });
    this.folder = left;
    await this.open();
  }

  /** The process ends at some step of a flush. */
  async dyingFlush(diskSteps: number): Promise<void> {
    this.disk.stepsLeft = diskSteps;
    await this.db.flush().catch(() => undefined);
    await this.goOnWith(copyAsKilled(this.folder));
  }

  /** A copy of the folder in which a bit of some file is another one: what it gives is a part of what was taken, and nothing else. */
  async flippedBit({ file, where, bit }: Step & { do: 'flippedBit' }): Promise<void> {
    const copy = copyAsKilled(this.folder);
    const files = ['blocks', 'wal']
      .flatMap((place) => fs.readdirSync(path.join(copy, place)).map((name) => path.join(copy, place, name)))
      .filter((name) => fs.statSync(name).size > 0)
      .sort();
    if (files.length > 0) {
      const damaged = files[file % files.length];
      const bytes = fs.readFileSync(damaged);
      bytes[Math.floor(where * bytes.length)] ^= 1 << bit;
      fs.writeFileSync(damaged, bytes);
      const db = await openTsdb({ path: copy, blockRangeMs: Infinity });
      try {
        for (const [series, samples] of Object.entries(await readAll(db).catch(nothingWhereDamaged)))
          expect({ ...this.model[series], ...this.shadowedIn(series, samples) }).toMatchObject(samples);
      } finally {
        await db.close();
      }
    }
    fs.rmSync(copy, { recursive: true });
  }

  /** Of these samples, those that were taken though an earlier one stands at their time: they are seen where that one is lost. */
  private shadowedIn(series: string, samples: Record<number, string>): Record<number, string> {
    const isShadowed = (t: number, text: string) => this.shadowed.has(`${series} ${t} ${text}`);
    return Object.fromEntries(Object.entries(samples).filter(([t, text]) => isShadowed(Number(t), text)));
  }

  /** A commit of which the disk takes a part only: it is refused, or the process ends there. Nothing of it is ever seen. */
  async brokenCommit(how: 'fullDisk' | 'tornCommit', share: number): Promise<void> {
    const writer = this.db.group('g0');
    writer.column(rowLabels(0, 0));
    const row = new Float64Array(writer.columnCount).fill(7);
    let left = '';
    this.disk.breakNextWrite(share, () => {
      left = copyAsKilled(this.folder);
    });
    const appender = this.db.appender();
    expect(appender.appendRow(writer, this.now + 1, row)).toBe('ok');
    await expect(appender.commit()).rejects.toMatchObject({ code: 'disk_full' });
    if (how === 'fullDisk') return fs.rmSync(left, { recursive: true });
    await this.goOnWith(left);
    this.tornRecordsCut = this.db.stats().tornRecordsCut;
  }

  async expectAll(): Promise<void> {
    expect(await readAll(this.db)).toEqual(this.model);
  }

  async check(): Promise<void> {
    await this.expectAll();
    const names = (await this.db.series([], ALL_TIME)).map((labels) => formatLabels(labels));
    expect(names.sort()).toEqual(Object.keys(this.model).sort());
    for (const { times } of await this.db.select({ matchers: [], ...ALL_TIME })) {
      for (let i = 1; i < times.length; i++) expect(times[i]).toBeGreaterThan(times[i - 1]);
    }
    expect(this.db.stats()).toMatchObject({ corruptions: 0, recordsDropped: 0 });
    // A second opening finds no torn end: the first one has cut it off.
    const { tornRecordsCut } = this.db.stats();
    expect([0, this.tornRecordsCut]).toContain(tornRecordsCut);
    this.tornRecordsCut = 0;
  }

  private expectOutcome(outcome: string, labels: Labels, t: number, text: string, newestVisible: number): void {
    const known = this.model[formatLabels(labels)] ?? {};
    const last = this.last[formatLabels(labels)] ?? { t: -Infinity, text: '' };
    if (t > last.t) expect(outcome).toBe('ok');
    else if (t === last.t) expect(outcome).toBe(last.text === text ? 'ok' : 'duplicate');
    else if (this.outOfOrderWindowMs === 0) expect(outcome).toBe('outOfOrder');
    else if (t < newestVisible - this.outOfOrderWindowMs) expect(outcome).toBe('tooOld');
    // Where the newest samples are deleted the store may have forgotten them.
    else if (t < this.newest - this.outOfOrderWindowMs) expect(['tooOld', 'ok', 'duplicate']).toContain(outcome);
    else expect(['ok', 'duplicate']).toContain(outcome);
    if (outcome !== 'ok' || t === last.t) return;
    if (known[t] === undefined) this.keep(labels, t, text);
    else this.shadowed.add(`${formatLabels(labels)} ${t} ${text}`);
  }

  private commitModel(): void {
    for (const { t } of Object.values(this.last)) this.newest = Math.max(this.newest, t);
  }

  private newestVisible(): number {
    const times = Object.values(this.model).flatMap((samples) => Object.keys(samples).map(Number));
    return times.reduce((max, t) => (t <= this.newest ? Math.max(max, t) : max), -Infinity);
  }

  private keep(labels: Labels, t: number, text: string): void {
    const series = formatLabels(labels);
    if (t > (this.last[series]?.t ?? -Infinity)) this.last[series] = { t, text };
    if (!this.isDeleted(series, t)) (this.model[series] ??= {})[t] = text;
  }

  private isDeleted(series: string, t: number): boolean {
    return this.deleted.some(({ series: of, from, to }) => of === series && t >= from && t <= to);
  }
}

/** Both can be given, to run longer or to run again what failed: `ISOTHERM_MODEL_RUNS=50000 ISOTHERM_MODEL_SEED=… npx jest model`. */
const RUNS = Number(process.env.ISOTHERM_MODEL_RUNS ?? 1_000);
const SEED = Number(process.env.ISOTHERM_MODEL_SEED ?? 20_261_123);
const RUN_MS_MAX = 3_000;

test.each([0, 50_000])(
  `random work with an out-of-order window of %i ms (${RUNS} runs, seed ${SEED})`,
  async (window) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const run = new Run(window);
        await run.open();
        try {
          for (const s of steps) await run.apply(s);
          await run.check();
          await run.apply({ do: 'reopen' });
          await run.check();
        } finally {
          await run.end();
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
  },
  RUNS * RUN_MS_MAX,
);

describe('a damaged log', () => {
  /**
   * Commits of one row each, with the log's size after each row (a chunk that is logged behind it does not count); then the folder as a crash
   * leaves it.
   */
  async function crashed(rows: readonly (readonly number[])[]): Promise<{ folder: string; ends: number[] }> {
    const folder = makeFolder();
    let [size, end] = [0, 0];
    const writeLog: WriteFile = (fd, bytes) => {
      fs.writeSync(fd, bytes);
      size += bytes.length;
      if (bytes[1] !== RECORD.chunk) end = size;
      return bytes.length;
    };
    const db = await openTsdb({ path: folder, segmentSizeMax: 300 }, { writeLog });
    const group = db.group('g');
    const ends: number[] = [];
    for (const [i, row] of rows.entries()) {
      row.forEach((_, c) => group.column(rowLabels(0, c)));
      const appender = db.appender();
      const values = new Float64Array(group.columnCount);
      fillGaps(values);
      values.set(row);
      appender.appendRow(group, 1000 + i, values);
      await appender.commit();
      ends.push(end);
    }
    const left = copyAsKilled(folder);
    await db.close();
    fs.rmSync(folder, { recursive: true });
    expect(bytesOf(left)).toBe(size);
    return { folder: left, ends };
  }
  const files = (folder: string) =>
    fs
      .readdirSync(path.join(folder, 'wal'))
      .sort()
      .map((name) => path.join(folder, 'wal', name));
  const bytesOf = (folder: string) => files(folder).reduce((sum, file) => sum + fs.statSync(file).size, 0);
  /** The file and place of a byte of the whole log. */
  const locate = (folder: string, at: number) => {
    for (const file of files(folder)) {
      const { size } = fs.statSync(file);
      if (at < size) return { file, place: at };
      at -= size;
    }
    throw new Error('past the log');
  };
  const expected = (rows: readonly (readonly number[])[]) => {
    const model: Record<string, Record<number, string>> = {};
    rows.forEach((row, i) =>
      row.forEach((v, c) => ((model[formatLabels(rowLabels(0, c))] ??= {})[1000 + i] = textOf(v))),
    );
    return model;
  };
  const rowsArbitrary = fc.array(fc.array(fc.oneof(fc.nat(9), fc.double()), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 25,
  });

  test('cut anywhere in its last segment loses its tail and no more', async () => {
    await fc.assert(
      fc.asyncProperty(rowsArbitrary, fc.double({ min: 0, max: 1, noNaN: true }), async (rows, where) => {
        const { folder, ends } = await crashed(rows);
        const last = files(folder).at(-1)!;
        const before = bytesOf(folder) - fs.statSync(last).size;
        const cut = Math.floor(where * fs.statSync(last).size);
        fs.truncateSync(last, cut);
        const db = await openTsdb({ path: folder });
        expect(await readAll(db)).toEqual(expected(rows.slice(0, ends.filter((end) => end <= before + cut).length)));
        const appender = db.appender();
        const group = db.group('g');
        group.column(rowLabels(0, 0));
        const row = new Float64Array(group.columnCount);
        expect(appender.appendRow(group, 5000, row)).toBe('ok');
        await appender.commit();
        const after = await readAll(db);
        await db.close();
        const again = await openTsdb({ path: folder });
        expect(await readAll(again)).toEqual(after);
        expect(again.stats()).toMatchObject({ corruptions: 0, tornRecordsCut: 0 });
        await again.close();
        fs.rmSync(folder, { recursive: true });
      }),
      { numRuns: 60 },
    );
  });

  test('with a flipped bit anywhere is reported, keeps what came before, and never invents a sample', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsArbitrary,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.nat(7),
        async (rows, where, bit) => {
          const { folder, ends } = await crashed(rows);
          const at = Math.floor(where * bytesOf(folder));
          const { file, place } = locate(folder, at);
          const bytes = fs.readFileSync(file);
          bytes[place] ^= 1 << bit;
          fs.writeFileSync(file, bytes);
          const db = await openTsdb({ path: folder });
          const found = await readAll(db);
          const all = expected(rows);
          for (const [name, samples] of Object.entries(found)) expect(all[name]).toMatchObject(samples);
          const sure = expected(rows.slice(0, ends.filter((end) => end <= at).length));
          for (const [name, samples] of Object.entries(sure)) expect(found[name]).toMatchObject(samples);
          const { corruptions, tornRecordsCut } = db.stats();
          expect(corruptions + tornRecordsCut).toBeGreaterThan(0);
          await db.close();
          fs.rmSync(folder, { recursive: true });
        },
      ),
      { numRuns: 60 },
    );
  });
});
