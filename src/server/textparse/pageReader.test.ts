import fc from 'fast-check';
import { formatLabels } from '../../shared/model/labels.ts';
import type { Metadata } from '../../shared/model/metadata.ts';
import type { PageFormat } from './entryCursor.ts';
import { createPageReader, type PageReader } from './pageReader.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** What a page says, or its fault, as comparable text. */
function outcome(reader: PageReader, page: string, format: PageFormat): unknown {
  try {
    const row = reader.read(bytes(page), format);
    const lines = Array.from({ length: row.count }, (_, i) => [
      formatLabels(reader.labels(row.slots[i])),
      Object.is(row.values[i], -0) ? '-0' : String(row.values[i]),
      row.times === undefined ? 'NaN' : String(row.times[i]),
    ]);
    return {
      lines,
      exemplars: row.exemplars.map(({ slot, exemplar }) => [formatLabels(reader.labels(slot)), exemplar]),
      metadata: row.metadata,
    };
  } catch (error) {
    return (error as Error).message;
  }
}

const PAGE = `# HELP a help
# TYPE a counter
a{x="1"} 1
a{x="2"} 2
# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 2
h_sum 1.5
h_count 2
`;

test('a page like the one before is read by comparison alone', () => {
  const reader = createPageReader();
  expect(reader.read(bytes(PAGE), 'text').compared).toBe(0);
  const row = reader.read(bytes(PAGE.replace('} 1\n', '} 1.25e3\n').replace('1.5', 'NaN')), 'text');
  expect(row.compared).toBe(6);
  expect([...row.values.subarray(0, 6)]).toEqual([1250, 2, 1, 2, NaN, 2]);
  expect(row.metadata.size).toBe(0);
});

test('an added, a removed and a moved line cost the comparison only themselves', () => {
  const reader = createPageReader();
  const lines = Array.from({ length: 100 }, (_, i) => `m${i} ${i}`);
  reader.read(bytes(lines.join('\n')), 'text');
  const next = [
    ...lines.slice(0, 10),
    'new 1',
    ...lines.slice(10, 50),
    ...lines.slice(51, 80),
    lines[90],
    ...lines.slice(80, 90),
    ...lines.slice(91),
  ];
  const row = reader.read(bytes(next.join('\n')), 'text');
  expect(row.count).toBe(100);
  expect(row.compared).toBeGreaterThan(90);
  expect(reader.slotCount).toBe(101);
});

test('a series keeps its slot when the page turns to another order', () => {
  const reader = createPageReader();
  const first = [...reader.read(bytes('a 1\nb 2\nc 3\n'), 'text').slots.subarray(0, 3)];
  expect([...reader.read(bytes('c 1\nb 2\na 3\n'), 'text').slots.subarray(0, 3)]).toEqual(first.reverse());
});

test('the same text under another type is another series', () => {
  const reader = createPageReader();
  expect(outcome(reader, '# TYPE h gauge\nh{le="1"} 1\n', 'text')).toMatchObject({
    lines: [['h{le="1"}', '1', 'NaN']],
  });
  expect(outcome(reader, '# TYPE h histogram\nh{le="1"} 1\n', 'text')).toMatchObject({
    lines: [['h{le="1.0"}', '1', 'NaN']],
  });
});

test('metadata of a page that broke off comes with the next whole one', () => {
  const reader = createPageReader();
  expect(() => reader.read(bytes('# TYPE a counter\na x\n'), 'text')).toThrow();
  expect([...reader.read(bytes('# TYPE a counter\na 1\n'), 'text').metadata]).toEqual([
    ['a', { type: 'counter', help: '', unit: '' }],
  ]);
});

test('times and exemplars are read by comparison too', () => {
  const reader = createPageReader();
  reader.read(bytes('a 1 1\nb 1 # {t="x"} 1 1\n# EOF\n'), 'openMetrics');
  const row = reader.read(bytes('a 2 2\nb 2 # {t="y"} 2 2\n# EOF\n'), 'openMetrics');
  expect(row.compared).toBe(2);
  expect(row.times?.[0]).toBe(2000);
  expect(row.exemplars).toEqual([{ slot: 1, exemplar: { labels: [['t', 'y']], v: 2, t: 2000 } }]);
});

describe('comparison gives what reading in full gives', () => {
  const value = fc.oneof(
    fc.double().map((v) => (v === Infinity ? '+Inf' : String(v).replace('Infinity', 'Inf'))),
    fc.nat().map(String),
    fc.constantFrom('1.', '.5', '+3', '1e-400', '0x1', '', 'NaN', '-0', '12345678901234567890', '1e22', '1e23'),
  );
  const tail = fc.constantFrom('', '', '', '', ' 17', ' 1.5', ' # {t="a"} 1', ' 3 # {t="b"} 2 4', ' ');
  const name = fc.constantFrom(
    'a',
    'b',
    'c{x="1"}',
    'c{x="2"}',
    'h_bucket{le="1"}',
    'h_bucket{le="2"}',
    '{"d.e"}',
    'c{x="1",x="1"}',
  );
  const comment = fc.constantFrom(
    '# TYPE h histogram',
    '# TYPE h gauge',
    '# TYPE h summary',
    '# HELP a one',
    '# HELP a two',
    '# EOF',
    '# x',
    '',
  );
  const sample = fc.tuple(name, value, tail).map(([n, v, t]) => `${n} ${v}${t}`);
  const tame = fc
    .tuple(fc.constantFrom('a', 'b', 'c{x="1"}', 'c{x="2"}', 'h_bucket{le="1"}'), fc.nat())
    .map(([n, v]) => `${n} ${v}`);
  const line = fc.oneof(
    { weight: 10, arbitrary: tame },
    { weight: 2, arbitrary: sample },
    { weight: 2, arbitrary: comment },
  );
  const mutation = fc.record({
    kind: fc.constantFrom('value', 'value', 'value', 'insert', 'remove', 'move', 'flip', 'cut'),
    at: fc.nat(),
    to: fc.nat(),
    line,
    value,
  });
  type Mutation = typeof mutation extends fc.Arbitrary<infer M> ? M : never;

  function mutate(lines: readonly string[], { kind, at, to, line: fresh, value: v }: Mutation): string[] {
    const next = [...lines];
    const i = at % Math.max(1, next.length);
    if (kind === 'value' && next.length > 0) next[i] = next[i].replace(/ \S+/, ` ${v}`);
    if (kind === 'insert') next.splice(i, 0, fresh);
    if (kind === 'remove') next.splice(i, 1);
    if (kind === 'move') next.splice(to % Math.max(1, next.length), 0, ...next.splice(i, 1));
    if (kind === 'flip' && next.length > 0) {
      const c = to % Math.max(1, next[i].length);
      next[i] = next[i].slice(0, c) + String.fromCharCode(32 + (at % 95)) + next[i].slice(c + 1);
    }
    if (kind === 'cut' && next.length > 0) next[next.length - 1] = next[next.length - 1].slice(0, to % 8);
    return next;
  }

  /** Where a page declares a family twice, the last one re-read stands; only pages that declare once have one right answer. */
  const declaresOnce = (lines: readonly string[]) =>
    ['# TYPE h', '# HELP a'].every((start) => lines.filter((l) => l.startsWith(start)).length <= 1);

  function compare(fast: unknown, plain: unknown, known: Map<string, Metadata>[]): void {
    if (typeof fast === 'string' || typeof plain === 'string') return expect(fast).toEqual(plain);
    const [a, b] = [fast, plain] as { metadata: Map<string, Metadata> }[];
    expect({ ...a, metadata: 0 }).toEqual({ ...b, metadata: 0 });
    if (known.length === 0) return;
    for (const [i, row] of [a, b].entries()) for (const [name, metadata] of row.metadata) known[i].set(name, metadata);
    expect(known[0]).toEqual(known[1]);
  }

  test.each(['text', 'openMetrics'] as const)('on mutated pages of %s', (format) => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 12 }),
        fc.array(fc.array(mutation, { maxLength: 3 }), { maxLength: 8 }),
        (first, steps) => {
          const fast = createPageReader();
          const plain = createPageReader({ compare: false });
          const end = format === 'text' ? '' : '# EOF\n';
          let lines = first;
          let known = [new Map<string, Metadata>(), new Map<string, Metadata>()];
          for (const step of [[], ...steps]) {
            lines = step.reduce<string[]>(mutate, [...lines]);
            const page = lines.map((l) => `${l}\n`).join('') + end;
            if (!declaresOnce(lines)) known = [];
            compare(outcome(fast, page, format), outcome(plain, page, format), known);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

test('large pages read in steps, in turns with others, say what they say when read at once', () => {
  const page = (name: string, from: number) =>
    bytes(Array.from({ length: 6000 }, (_, i) => `${name}{series="number ${from + i}"} ${i}\n`).join(''));
  const readers = ['a', 'b', 'c'].map((name) => ({ name, reader: createPageReader(), plain: createPageReader() }));
  for (const from of [0, 3000, 3000, 20_000]) {
    let steps = 0;
    const open = readers.map(({ name, reader }) => reader.readSteps(page(name, from), 'text'));
    const rows = new Map<number, ReturnType<PageReader['read']>>();
    const small = createPageReader();
    while (rows.size < open.length) {
      for (const [i, reading] of open.entries()) {
        const step = reading.next();
        steps++;
        if (step.done && !rows.has(i)) rows.set(i, step.value);
        small.read(bytes(`x 1\ny ${steps}\n`), 'text');
      }
    }
    if (from !== 3000) expect(steps).toBeGreaterThan(readers.length * 5);
    for (const [i, { name, plain }] of readers.entries()) {
      const [ours, whole] = [rows.get(i)!, plain.read(page(name, from), 'text')];
      expect(ours.count).toBe(6000);
      expect(ours.slots.subarray(0, 6000)).toEqual(whole.slots.subarray(0, 6000));
      expect(ours.values.subarray(0, 6000)).toEqual(whole.values.subarray(0, 6000));
    }
  }
});
