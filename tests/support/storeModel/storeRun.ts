/** A store and the plain one beside it: each command is given to both, and what the store answers is held against the plain one. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { formatLabels, labelsOf, type Labels } from '../../../src/shared/model/labels.ts';
import { bitsOf, fillGaps, setStale } from '../../../src/shared/model/sampleBits.ts';
import type { Appender } from '../../../src/server/storage/appender.ts';
import type { GroupColumns } from '../../../src/server/storage/queryable.ts';
import { BlockDamage } from '../../../src/server/tsdb/block/chunkBytes.ts';
import { openTsdb, type Tsdb } from '../../../src/server/tsdb/db.ts';
import { LAG_MAX_MS } from '../../../src/server/tsdb/head/head.ts';
import { ALL_TIME, copyAsKilled, makeFolder, sampleMapsOf, sampleText, textOf } from '../tsdbSamples.ts';
import type {
  BrokenCommit,
  Cell,
  Command,
  Delete,
  FlippedBit,
  Histogram,
  Requests,
  Rows,
  Samples,
} from './commands.ts';
import { FaultyDisk } from './faultyDisk.ts';
import { PlainStore } from './plainStore.ts';

/** In memory where the system has such a place: what syncing asks of a disk is not what is proved here, and takes most of the time. */
const PARENT = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();

class NamedLabels {
  readonly labels: Labels;
  readonly name: string;

  constructor(labels: Record<string, string>) {
    this.labels = labelsOf(labels);
    this.name = formatLabels(this.labels);
  }
}

const ROWS = [0, 1].map((group) =>
  [0, 1, 2, 3, 4].map((column) => new NamedLabels({ __name__: `r${column}`, job: `g${group}` })),
);
/** Single samples, in two groups. */
const LOOSE = [0, 1, 2, 3].map(
  (series) => new NamedLabels({ __name__: `s${series}`, job: 'push', instance: `${series % 2}` }),
);

/** The cell of the i-th row or request; most move on. */
function setCell(bits: Uint32Array, values: Float64Array, at: number, cell: Exclude<Cell, 'gap'>, i: number): void {
  if (cell === 'stale') setStale(bits, at);
  else values[at] = i % 3 === 0 ? cell : cell + i;
}

/** A block whose chunk is damaged refuses the select. */
function nothingWhereDamaged(error: unknown): readonly GroupColumns[] {
  assert(error instanceof BlockDamage);
  return [];
}

export class StoreRun {
  readonly #outOfOrderWindowMs: number;
  readonly #rowBytesKept: number | undefined;
  readonly #model: PlainStore;
  readonly #disk = new FaultyDisk();
  /** By group. */
  readonly #newestRow: Record<number, number> = {};
  #folder = makeFolder(PARENT);
  #db!: Tsdb;
  #now = 1_700_000_000_000;
  #tornRecordsCut = 0;

  /** @param rowBytesKept as the store's seam. */
  constructor(outOfOrderWindowMs: number, rowBytesKept: number | undefined) {
    this.#outOfOrderWindowMs = outOfOrderWindowMs;
    this.#rowBytesKept = rowBytesKept;
    this.#model = new PlainStore(outOfOrderWindowMs);
  }

  async open(): Promise<void> {
    const retention = { ageMs: 0, bytes: 0, percentage: 0 };
    const path = this.#folder;
    const outOfOrderWindowMs = this.#outOfOrderWindowMs;
    const { files, writeLog } = this.#disk;
    this.#db = await openTsdb(
      { path, outOfOrderWindowMs, blockRangeMs: Infinity, segmentSizeMax: 2000, retention },
      { files, writeLog, rowBytesKept: this.#rowBytesKept },
    );
  }

  async end(): Promise<void> {
    await this.#db.close();
    fs.rmSync(this.#folder, { recursive: true });
  }

  apply(command: Command): Promise<void> {
    switch (command.do) {
      case 'rows':
        return this.#rows(command);
      case 'samples':
        return this.#samples(command);
      case 'requests':
        return this.#requests(command);
      case 'histogram':
        return this.#histogram(command);
      case 'delete':
        return this.#delete(command);
      case 'clean':
        return this.#clean();
      case 'query':
        return this.#expectSame();
      case 'flush':
        return this.#db.flush();
      case 'kill':
        return this.#goOnWith(copyAsKilled(this.#folder));
      case 'dyingFlush':
        return this.#dyingFlush(command.diskSteps);
      case 'flippedBit':
        return this.#flippedBit(command);
      case 'fullDisk':
      case 'tornCommit':
        return this.#brokenCommit(command);
      case 'openSnapshot':
        return this.#openSnapshot();
      case 'reopen':
        return this.#reopen();
      case 'reopenWithLogOfBeforeFlush':
        return this.#reopenWithLogOfBeforeFlush();
    }
  }

  async check(): Promise<void> {
    await this.#expectSame();
    const names = (await this.#db.series([], ALL_TIME)).map((labels) => formatLabels(labels));
    assert.deepEqual(names.sort(), this.#model.names());
    const { corruptions, recordsDropped, tornRecordsCut } = this.#db.stats();
    assert.deepEqual({ corruptions, recordsDropped }, { corruptions: 0, recordsDropped: 0 });
    // A second opening finds no torn end: the first one has cut it off.
    assert([0, this.#tornRecordsCut].includes(tornRecordsCut));
    this.#tornRecordsCut = 0;
  }

  async #expectSame(): Promise<void> {
    const groups = await this.#db.select({ matchers: [], ...ALL_TIME });
    for (const { times } of groups) for (let i = 1; i < times.length; i++) assert(times[i] > times[i - 1]);
    assert.deepEqual(this.#model.differences(sampleMapsOf(groups)), []);
  }

  async #rows({ group, count, stepMs, cells, ages }: Rows): Promise<void> {
    const writer = this.#db.group(`g${group}`);
    cells.forEach((_, c) => writer.column(ROWS[group][c].labels));
    for (let i = 0; i < count; i++) {
      this.#now += stepMs;
      const appender = this.#db.appender();
      if (i === 0) this.#created(appender, group, ages.slice(0, cells.length));
      const row = new Float64Array(writer.columnCount);
      const bits = bitsOf(row);
      fillGaps(row);
      cells.forEach((cell, c) => {
        if (cell === 'gap') return;
        setCell(bits, row, c, cell, i);
        this.#model.keep(ROWS[group][c].name, this.#now, sampleText(cell === 'stale', bits[2 * c], bits[2 * c + 1]));
      });
      assert.equal(appender.appendRow(writer, this.#now, row), 'ok');
      await appender.commit();
    }
    this.#newestRow[group] = this.#now;
    this.#model.commit(this.#now);
  }

  /** Zeros where counters began. Where rows of the group are as new, the store may not know whether the series has none, and appends none then. */
  #created(appender: Appender, group: number, ages: readonly number[]): void {
    const began = Float64Array.from(ages, (age) => this.#now - age);
    const taken = new Set<number>();
    const rowsBefore = this.#newestRow[group] ?? -Infinity;
    appender.appendCreatedColumns(
      this.#db.group(`g${group}`),
      this.#now,
      Uint32Array.from(ages.keys()),
      began,
      (c, t) => {
        assert.equal(t, began[c]);
        taken.add(c);
      },
    );
    ages.forEach((age, c) => {
      const { name } = ROWS[group][c];
      const isAllowed = age > 0 && age <= LAG_MAX_MS;
      if (taken.has(c)) {
        assert(isAllowed && !this.#model.hasSince(name, began[c]));
        this.#model.keep(name, began[c], textOf(0));
      } else if (isAllowed) assert(began[c] <= rowsBefore);
    });
  }

  async #samples({ list }: Samples): Promise<void> {
    const appender = this.#db.appender();
    this.#now += 1;
    for (const { series, agoMs, value: v } of list) {
      const t = this.#now - agoMs;
      const { labels, name } = LOOSE[series];
      const outcome = v === 'stale' ? appender.appendStale(labels, t) : appender.append(labels, t, v);
      const text = v === 'stale' ? 'stale' : textOf(v);
      const allowed = this.#model.outcomesOf(name, t, text);
      assert(allowed.includes(outcome), `${name} at ${t}: ${outcome}, may be ${allowed.join(', ')}`);
      if (outcome === 'ok') this.#model.take(name, t, text);
    }
    // Somebody waits for some of the syncs.
    await appender.commit({ sync: true });
    this.#model.commit();
  }

  /** As remote write brings them: samples of one time, group by group. */
  async #requests({ count, stepMs, cells }: Requests): Promise<void> {
    const sent = cells.flatMap((cell, series) => (cell === 'gap' ? [] : [{ cell, series }]));
    for (let i = 0; i < count; i++) {
      this.#now += stepMs;
      const appender = this.#db.appender();
      for (const group of [0, 1])
        this.#appendCells(
          appender,
          sent.filter(({ series }) => series % 2 === group),
          i,
        );
      await appender.commit();
      this.#model.commit();
    }
  }

  #appendCells(appender: Appender, sent: readonly { cell: Exclude<Cell, 'gap'>; series: number }[], i: number): void {
    if (sent.length === 0) return;
    const values = new Float64Array(sent.length);
    const bits = bitsOf(values);
    sent.forEach(({ cell }, at) => setCell(bits, values, at, cell, i));
    const places = sent.map(({ series }) => appender.place(LOOSE[series].labels));
    const columns = Int32Array.from(places, ({ column }) => column);
    const times = new Float64Array(sent.length).fill(this.#now);
    const refused: string[] = [];
    appender.appendCells(places[0].group, { columns, times, bits }, 0, sent.length, (outcome) => refused.push(outcome));
    const expected = sent.flatMap(({ cell, series }, at) => {
      const text = sampleText(cell === 'stale', bits[2 * at], bits[2 * at + 1]);
      // Nothing is newer than now: one outcome is possible.
      const [outcome] = this.#model.outcomesOf(LOOSE[series].name, this.#now, text);
      if (outcome === 'ok') this.#model.take(LOOSE[series].name, this.#now, text);
      return outcome === 'ok' ? [] : [outcome];
    });
    assert.deepEqual(refused, expected);
  }

  async #histogram({ series, count }: Histogram): Promise<void> {
    this.#now += 1;
    const none = new Float64Array(0);
    const appender = this.#db.appender();
    const outcome = appender.appendHistogram(LOOSE[series].labels, this.#now, {
      ...{ schema: 0, zeroThreshold: 0, zeroCount: 0, count, sum: 1, positiveSpans: [], negativeSpans: [] },
      ...{ positiveBuckets: none, negativeBuckets: none, counterReset: 'unknown' },
    });
    assert.equal(outcome, 'ok');
    this.#model.keep(LOOSE[series].name, this.#now, `histogram of ${count}`);
    await appender.commit();
    this.#model.commit();
  }

  async #delete({ name, fromAgoMs, toAgoMs }: Delete): Promise<void> {
    const range = { minTime: this.#now - fromAgoMs, maxTime: this.#now - toAgoMs };
    await this.#db.deleteSeries([[{ name: '__name__', op: '=~', value: name }]], range);
    this.#model.delete(new RegExp(`^(?:${name})\\{`), range.minTime, range.maxTime);
  }

  async #clean(): Promise<void> {
    await this.#db.cleanTombstones();
    this.#model.clean();
    assert.equal(this.#db.stats().tombstones, 0);
  }

  /** A snapshot holds all there is; what is done after it is done to the snapshot. */
  async #openSnapshot(): Promise<void> {
    const name = await this.#db.snapshot();
    const taken = makeFolder(PARENT);
    fs.rmdirSync(taken);
    fs.renameSync(path.join(this.#folder, 'snapshots', name), taken);
    await this.#goOnWith(taken);
  }

  async #reopen(): Promise<void> {
    await this.#db.close();
    await this.open();
  }

  async #reopenWithLogOfBeforeFlush(): Promise<void> {
    const [wal, kept] = [path.join(this.#folder, 'wal'), path.join(this.#folder, 'kept')];
    fs.cpSync(wal, kept, { recursive: true });
    await this.#db.flush();
    await this.#db.close();
    fs.rmSync(wal, { recursive: true });
    fs.renameSync(kept, wal);
    await this.open();
  }

  /** What a killed process left takes the place of the folder. */
  async #goOnWith(left: string): Promise<void> {
    this.#disk.heal();
    await this.end();
    this.#folder = left;
    await this.open();
  }

  /** The process ends at some step of a flush. */
  async #dyingFlush(diskSteps: number): Promise<void> {
    this.#disk.stepsLeft = diskSteps;
    await this.#db.flush().catch(() => undefined);
    await this.#goOnWith(copyAsKilled(this.#folder));
  }

  /** A copy of the folder in which a bit of some file is another one: what it gives is a part of what was taken, and nothing else. */
  async #flippedBit({ file, where, bit }: FlippedBit): Promise<void> {
    const copy = copyAsKilled(this.#folder);
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
        const groups = await db.select({ matchers: [], ...ALL_TIME }).catch(nothingWhereDamaged);
        assert.deepEqual(this.#model.inventions(sampleMapsOf(groups)), []);
      } finally {
        await db.close();
      }
    }
    fs.rmSync(copy, { recursive: true });
  }

  /** A commit of which the disk takes a part only: it is refused, or the process ends there. Nothing of it is ever seen. */
  async #brokenCommit({ do: how, share }: BrokenCommit): Promise<void> {
    const writer = this.#db.group('g0');
    writer.column(ROWS[0][0].labels);
    const row = new Float64Array(writer.columnCount).fill(7);
    let left = '';
    this.#disk.breakNextWrite(share, () => {
      left = copyAsKilled(this.#folder);
    });
    const appender = this.#db.appender();
    assert.equal(appender.appendRow(writer, this.#now + 1, row), 'ok');
    await assert.rejects(appender.commit(), { code: 'disk_full' });
    if (how === 'fullDisk') return fs.rmSync(left, { recursive: true });
    await this.#goOnWith(left);
    this.#tornRecordsCut = this.#db.stats().tornRecordsCut;
  }
}
