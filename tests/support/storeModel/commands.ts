/** What is done to a store in random order: work, requests for the disk's faults, and ends of the process. */
import fc from 'fast-check';

export const OUT_OF_ORDER_WINDOW_MS = 50_000;

export type Value = number | 'stale';
export type Cell = Value | 'gap';

export interface Rows {
  do: 'rows';
  group: number;
  count: number;
  stepMs: number;
  cells: readonly Cell[];
  /** Of the counters in the first columns, in milliseconds before the first row. */
  ages: readonly number[];
}

export interface Samples {
  do: 'samples';
  list: readonly { series: number; agoMs: number; value: Value }[];
}

export interface Requests {
  do: 'requests';
  count: number;
  stepMs: number;
  /** By series. */
  cells: readonly Cell[];
}

export interface Histogram {
  do: 'histogram';
  series: number;
  count: number;
}

export interface Delete {
  do: 'delete';
  name: string;
  fromAgoMs: number;
  toAgoMs: number;
}

export interface DyingFlush {
  do: 'dyingFlush';
  /** Steps of the flush that the disk still takes. */
  diskSteps: number;
}

export interface BrokenCommit {
  do: 'fullDisk' | 'tornCommit';
  /** Of the record's bytes, that the disk still takes. */
  share: number;
}

export interface FlippedBit {
  do: 'flippedBit';
  file: number;
  /** Share of the file before the bit. */
  where: number;
  bit: number;
}

export interface Plain {
  do: 'query' | 'flush' | 'kill' | 'clean' | 'openSnapshot' | 'reopen' | 'reopenWithLogOfBeforeFlush';
}

export type Command = Rows | Samples | Requests | Histogram | Delete | DyingFlush | BrokenCommit | FlippedBit | Plain;

const value = fc.oneof(fc.nat(5), fc.double(), fc.integer(), fc.constantFrom<Value>('stale', -0, NaN, Infinity));
const cell = fc.oneof(value, fc.constant('gap' as const));
/** On both sides of the out-of-order window, where there is one. */
const agoMs = fc.oneof(
  fc.nat(3),
  fc.nat(2 * OUT_OF_ORDER_WINDOW_MS),
  fc.constantFrom(0, 1, 2).map((ms) => OUT_OF_ORDER_WINDOW_MS + ms),
);
const named = <Name extends Command['do']>(...names: [Name, ...Name[]]) => fc.constantFrom<Name>(...names);

export const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    do: named('rows'),
    group: fc.nat(1),
    count: fc.constantFrom(1, 2, 59, 60, 61, 239, 240, 241),
    // Blocks of hours are merged into longer ones.
    stepMs: fc.constantFrom(1, 1000, 15_000, 600_000),
    cells: fc.array(cell, { maxLength: 5 }),
    ages: fc.array(fc.constantFrom(0, 1, 400, 400, 15_000, 15_001, 3_600_000, 3_600_001), { maxLength: 4 }),
  }),
  fc.record({
    do: named('samples'),
    list: fc.array(fc.record({ series: fc.nat(3), agoMs, value })),
  }),
  fc.record({
    do: named('requests'),
    count: fc.constantFrom(1, 2, 13, 60),
    stepMs: fc.constantFrom(0, 1, 15_000),
    cells: fc.array(cell, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ do: named('histogram'), series: fc.nat(3), count: fc.nat(9) }),
  fc.record({
    do: named('delete'),
    name: fc.constantFrom('r[01]', 's.', 's0', '.*2'),
    fromAgoMs: fc.constantFrom(1, 10, 60_000, 2_000_000, Infinity),
    toAgoMs: fc.constantFrom(-Infinity, 0, 5, 30_000),
  }),
  fc.record({ do: named('clean', 'openSnapshot') }),
  fc.record({ do: named('dyingFlush'), diskSteps: fc.nat(40) }),
  fc.record({
    do: named('flippedBit'),
    file: fc.nat(),
    where: fc.double({ min: 0, max: 0.999999, noNaN: true }),
    bit: fc.nat(7),
  }),
  fc.record({ do: named('fullDisk', 'tornCommit'), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ do: named('kill', 'query') }),
  fc.record({ do: named('flush', 'reopen', 'reopenWithLogOfBeforeFlush') }),
);
