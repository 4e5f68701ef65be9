import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { protobufPage, PROTOBUF_TYPE } from '../../../tests/support/metricFamilyWriter.ts';
import { formatLabels } from '../../shared/model/labels.ts';
import type { Clock } from '../telemetry/clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { createPageReader } from '../textparse/pageReader.ts';
import type { RequestRefused } from '../../shared/api/requestRefused.ts';
import { groupsJson, openPushStore, parseGroupKey, pushedText, type PushStore } from './push.ts';

let folder: string;
let now: number;
let store: PushStore;
const clock: Clock = { now: () => now, sleepUntil: async () => undefined };
const open = (ttlMs = 0) => openPushStore({ folder, ttlMs, clock, log: silentLog });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'isotherm-push-'));
  now = 1_700_000_000_000;
  store = await open();
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const push = (path: string, body: string | Uint8Array, { replaceAll = false, contentType = '' } = {}) =>
  store.push({ key: parseGroupKey(path), body: Buffer.from(body), contentType, replaceAll });
const remove = (path: string) => store.remove(parseGroupKey(path));
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'taken',
    (error: RequestRefused) => `${error.status} ${error.message}`,
  );

/** Series and values of the page, times of groups left out. */
function series(): Record<string, number> {
  const reader = createPageReader();
  const { count, slots, values } = reader.read(store.page(), 'protobuf');
  const pairs = Array.from({ length: count }, (_, i) => [formatLabels(reader.labels(slots[i])), values[i]] as const);
  return Object.fromEntries(pairs.filter(([name]) => !name.startsWith('push_')));
}

describe('group paths', () => {
  test.each([
    ['job/a', { job: 'a' }],
    ['job/a/b/c', { b: 'c', job: 'a' }],
    ['job/a/b/', { b: '', job: 'a' }],
    ['job@base64/L3g/p@base64/L3k=', { job: '/x', p: '/y' }],
    ['job/a/p@base64/=', { job: 'a', p: '' }],
    ['job/a%2Fb/p/c%20d', { job: 'a/b', p: 'c d' }],
    ['job/a/b/c/b/d', { b: 'd', job: 'a' }],
    ['job/a/job/c', { job: 'a' }],
  ])('%s', (path, labels) => expect(Object.fromEntries(parseGroupKey(path).labels)).toEqual(labels));
  test.each([
    ['job', '400 job name is required'],
    ['job/', '400 job name is required'],
    ['job//a/b', '400 job name is required'],
    ['instance/a', '404'],
    ['job/a/b', '400 odd number of components in label string "/b"'],
    ['job/a/0b/c', '400 improper label name "0b"'],
    ['job/a/__b/c', '400 improper label name "__b"'],
    ['job@base64/!!', '400 invalid base64 encoding in job name'],
    ['job/a/b/%ff', '400 "%ff" in the path is not percent-encoded UTF-8'],
    ['job/a/__ttl__/soon', '400 time to live "soon"'],
  ])('%s is refused', async (path, why) =>
    expect(await refusal(Promise.resolve().then(() => parseGroupKey(path)))).toContain(why),
  );
  test('any labels survive in base64', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary' }), (job, value) => {
        const encoded = (text: string) => Buffer.from(text).toString('base64url') || '=';
        const { labels } = parseGroupKey(`job@base64/${encoded(job)}/a@base64/${encoded(value)}`);
        expect(Object.fromEntries(labels)).toEqual({ a: value, job });
      }),
    ));
});

test('POST replaces families of the same name, PUT all of the group', async () => {
  await push('job/a', 'x 1\ny 2\n');
  await push('job/a', 'y{k="1"} 3\n');
  expect(series()).toEqual({ 'x{instance="", job="a"}': 1, 'y{instance="", job="a", k="1"}': 3 });
  await push('job/a', 'z 4\n', { replaceAll: true });
  expect(series()).toEqual({ 'z{instance="", job="a"}': 4 });
  await push('job/a', '', { replaceAll: true });
  expect(series()).toEqual({});
  expect(store.groups()).toHaveLength(1);
  await remove('job/a');
  expect(store.groups()).toHaveLength(0);
});

test('the group’s labels stand over those of a metric, but an instance of the metric stays', async () => {
  await push('job/a/zone/eu', 'x{job="b",zone="us",instance="i"} 1\n');
  expect(series()).toEqual({ 'x{instance="i", job="a", zone="eu"}': 1 });
});

describe('a push that contradicts', () => {
  const bad = '400 pushed metrics are invalid or inconsistent with existing metrics: ';
  test.each([
    ['itself', 'x 1\nx 2\n', `${bad}collected metric x{instance="", job="a"} was collected before`],
    ['the rule of no times', 'x 1 1234\n', `${bad}pushed metrics must not have timestamps`],
    ['another group’s type', '# TYPE known counter\nknown 1\n', `${bad}collected metric "known" is a COUNTER`],
    ['another group’s histogram', 'h_count 1\n', `${bad}collected metric named "h_count" collides`],
    ['the names of its series', '# TYPE s summary\ns_count 1\ns_sum 1\n', `${bad}collected metric named "s_count"`],
    ['the names that are reserved', 'x{__y="1"} 1\n', `${bad}collected metric x{__y="1"`],
    ['the grammar', 'x{ 1\n', '400 text format parsing error in line 1'],
    ['the rule of a last newline', 'x 1', '400 text format parsing error in line 1'],
    ['its own type', '# TYPE x gauge\nx 1\n# TYPE x counter\n', '400 text format parsing error in line 3'],
  ])('%s is refused', async (_, body, why) => {
    await push('job/other', 'known 1\n# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n');
    await push('job/third', 's_count 1\n');
    const before = series();
    expect(await refusal(push('job/a', body))).toContain(why);
    expect(series()).toEqual(before);
  });

  test('shows in push_failure_time_seconds, and the next good one ends it', async () => {
    await refusal(push('job/a', 'x 1\nx 2\n'));
    expect(store.groups()[0]).toMatchObject({ failedAt: now, pushedAt: 0 });
    expect(groupsJson(store.groups())[0]).toMatchObject({ last_push_successful: false });
    now += 5;
    await push('job/a', 'x 1\n');
    expect(groupsJson(store.groups())[0]).toMatchObject({ last_push_successful: true });
  });

  test('a group may change its mind about a type', async () => {
    await push('job/a', 'x 1\n');
    await push('job/a', '# TYPE x counter\nx 1\n');
    expect(pushedText(store.groups())).toContain('# TYPE x counter\n');
  });
});

describe('what was pushed', () => {
  test('is there after a restart, as it was', async () => {
    await push('job/a/b/', 'x 1\n');
    await push('job/gone', 'x 1\n');
    await remove('job/gone');
    await refusal(push('job/a/b/', 'x 1\nx 1\n'));
    const [page, groups] = [store.page(), store.groups()];
    await store.close();
    store = await open();
    expect(store.groups()).toEqual(groups);
    expect(store.page()).toEqual(page);
  });

  test('is there after a crash, but for a record that was half written', async () => {
    await push('job/a', 'x 1\n');
    await store.close();
    appendFileSync(join(folder, 'journal'), Buffer.from([200, 0, 0, 0, 1, 2, 3, 4, 5]));
    store = await open();
    expect(series()).toEqual({ 'x{instance="", job="a"}': 1 });
    await push('job/b', 'x 2\n');
    await store.close();
    store = await open();
    expect(store.groups()).toHaveLength(2);
  });

  test('does not grow the journal without end', async () => {
    const body = `# HELP x ${'h'.repeat(500_000)}\nx 1\n`;
    for (let i = 0; i < 40; i++) await push('job/a', body);
    expect(statSync(join(folder, 'journal')).size).toBeLessThan(10_000_000);
    await store.close();
    store = await open();
    expect(series()).toEqual({ 'x{instance="", job="a"}': 1 });
  });

  test('is kept though a wipe waits for its turn when it comes', async () => {
    const first = push('job/a', 'x 1\n');
    for (let i = 0; i < 20; i++) await Promise.resolve(); // Its sync is under way: nothing of the disk's ends in between.
    const all = [first, push('job/b', 'x 2\n'), store.wipe(), push('job/c', 'x 3\n')];
    await Promise.all(all);
    await store.close();
    store = await open();
    expect(series()).toEqual({ 'x{instance="", job="c"}': 3 });
  });

  test('is gone for good after a wipe', async () => {
    await push('job/a', 'x 1\n');
    await store.wipe();
    await store.close();
    store = await open();
    expect(store.groups()).toEqual([]);
  });

  test('lives as long as its group says, else as the flag says', async () => {
    await store.close();
    store = await open(60_000);
    await push('job/flag', 'x 1\n');
    await push('job/own/__ttl__/2m', 'x 1\n');
    await push('job/ever/__ttl__/0s', 'x 1\n');
    const living = () => store.groups().map(({ labels }) => labels[0][1]);
    now += 59_999;
    expect(living()).toEqual(['flag', 'own', 'ever']);
    now += 1;
    expect(living()).toEqual(['own', 'ever']);
    await store.close();
    store = await open(60_000);
    now += 60_000;
    expect(living()).toEqual(['ever']);
  });
});

test('a protobuf push keeps native histograms', async () => {
  const native = { schema: 0, zeroThreshold: 0.001, zeroCount: 1, spans: [[0, 2]] as const, deltas: [1, 1] };
  const histogram = { count: 4, sum: 5, native };
  const body = protobufPage([{ name: 'h', type: 'histogram', metrics: [{ labels: { a: 'b' }, histogram }] }]);
  await push('job/p', body, { contentType: PROTOBUF_TYPE });
  const row = createPageReader().read(store.page(), 'protobuf', { native: true, classic: false });
  expect([...row.histograms.values()]).toEqual([expect.objectContaining({ count: 4, sum: 5 })]);
  expect(await refusal(push('job/p', body.subarray(3), { contentType: PROTOBUF_TYPE }))).toMatch(
    /^400 not a delimited/,
  );
});

test('text becomes the samples that a scrape would read from it', async () => {
  const names = fc.constantFrom('a', 'b_total', 'c_sum');
  const value = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0));
  const line = fc.tuple(names, fc.string({ unit: 'grapheme', minLength: 1 }), value);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(line, { selector: ([n, l]) => `${n} ${l}` }), async (lines) => {
      const text = lines.map(([name, label, v]) =>
        `${name}{l=${JSON.stringify(label)}} ${v}`.replace('Infinity', 'Inf'),
      );
      const body = text.map((one) => `${one}\n`).join('');
      await push('job/j', body, { replaceAll: true });
      const seen = series();
      expect(Object.keys(seen)).toHaveLength(lines.length);
      const shown = createPageReader();
      const row = shown.read(Buffer.from(pushedText(store.groups())), 'text');
      for (let i = 0; i < row.count; i++) {
        const name = formatLabels(shown.labels(row.slots[i]));
        if (!name.startsWith('push_')) expect(seen[name]).toBe(row.values[i]);
      }
    }),
    { numRuns: 50 },
  );
});
