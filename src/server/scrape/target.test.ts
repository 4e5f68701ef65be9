import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { formatLabels, labelsOf, labelsRecord } from '../../shared/model/labels.ts';
import { parseConfig } from '../config/load.ts';
import type { TargetGroup } from '../discovery/targetGroup.ts';
import { compileRelabel } from '../relabel/relabel.ts';
import { withTargetLabels } from './sampleLabels.ts';
import { alignTime, nextSlot, slotOffset } from './slots.ts';
import { buildTargets } from './target.ts';

function build(targets: string[], lines = '', labels: Record<string, string> = {}) {
  const text = `scrape_configs:\n- job_name: j\n${lines.replace(/^(?=.)/gm, '  ')}\n`;
  const [config] = parseConfig(text, { dir: '/', path: 'test.yml' }).scrapeConfigs;
  const group: TargetGroup = {
    source: 's',
    targets: targets.map((address) => labelsOf({ __address__: address })),
    labels: labelsOf(labels),
  };
  return buildTargets(config, compileRelabel(config.relabel), [group]);
}

describe('targets', () => {
  test('have job and instance, a URL, and no __ labels', () => {
    const [target] = build(['h:1'], '', { zone: 'x', __meta_a: 'b' }).targets;
    expect(labelsRecord(target.labels)).toEqual({ job: 'j', instance: 'h:1', zone: 'x' });
    expect(target.url).toBe('http://h:1/metrics');
    expect(labelsRecord(target.discoveredLabels)).toMatchObject({
      __address__: 'h:1',
      __meta_a: 'b',
      __metrics_path__: '/metrics',
      __scheme__: 'http',
      __scrape_interval__: '1m',
      __scrape_timeout__: '10s',
      __scrape_native_histograms__: 'false',
      __always_scrape_classic_histograms__: 'false',
      __convert_classic_histograms_to_nhcb__: 'false',
      job: 'j',
    });
  });

  test('take of histograms what the job says, or what their labels say', () => {
    const formsOf = (lines: string, labels: Record<string, string> = {}) =>
      build(['h:1'], lines, labels).targets[0].forms;
    const job = 'scrape_native_histograms: true';
    expect(formsOf(job)).toBeUndefined();
    expect(formsOf(job, { __scrape_native_histograms__: 'true' })).toBeUndefined();
    expect(formsOf(job, { __scrape_native_histograms__: '0', __convert_classic_histograms_to_nhcb__: 'T' })).toEqual({
      nativeHistograms: false,
      alwaysClassicHistograms: false,
      customBuckets: true,
    });
    expect(
      formsOf(`${job}\nrelabel_configs: [{action: labeldrop, regex: __scrape_native_histograms__}]`),
    ).toBeUndefined();
  });

  test('may get everything from labels', () => {
    const [target] = build(['h:1'], 'params: {a: [x, y], b: [z]}', {
      __scheme__: 'https',
      __metrics_path__: '/p q',
      __param_a: 'w',
      __scrape_interval__: '30s',
      __scrape_timeout__: '5s',
      instance: 'i',
    }).targets;
    expect(target.url).toBe('https://h:1/p%20q?a=w&a=y&b=z');
    expect([target.intervalMs, target.timeoutMs]).toEqual([30_000, 5_000]);
    expect(formatLabels(target.labels)).toBe('{instance="i", job="j"}');
  });

  test('keep their key when their own settings change, and change it with a label', () => {
    const key = (labels: Record<string, string>) => build(['h:1'], '', labels).targets[0].key;
    expect(key({ __scrape_interval__: '30s' })).toBe(key({}));
    expect(key({ __scrape_native_histograms__: 'true' })).toBe(key({}));
    expect(key({ a: 'b' })).not.toBe(key({}));
  });

  test('that are equal are scraped once', () => expect(build(['h:1', 'h:1', 'h:2']).targets).toHaveLength(2));

  test('dropped by relabelling are remembered as discovered', () => {
    const built = build(['h:1', 'h:2'], 'relabel_configs: [{action: drop, source_labels: [__address__], regex: h:1}]');
    expect(built.targets).toHaveLength(1);
    expect(labelsRecord(built.dropped[0])).toMatchObject({ __address__: 'h:1' });
  });

  test.each([
    [{ __address__: '' }, /an empty address/],
    [{ __address__: 'http://h' }, /not host:port/],
    [{ __scheme__: 'ftp' }, /only http and https/],
    [{ __scrape_interval__: '0s' }, /longer than 0/],
    [{ __scrape_timeout__: '2m' }, /longer than the interval/],
    [{ __scrape_interval__: 'x' }, /not a duration/],
    [{ __convert_classic_histograms_to_nhcb__: 'yes' }, /"yes"; write true or false/],
  ])('with %j cannot be scraped', (labels, why) => {
    const rules = Object.entries(labels).map(([n, v]) => `{target_label: ${n}, replacement: "${v}"}`);
    const built = build(['h:1'], `relabel_configs: [${rules.join(', ')}]`);
    expect(built.targets).toEqual([]);
    expect(built.faults[0]).toMatch(why);
  });
});

describe('slots', () => {
  test('are after now, at their offset, and one interval apart', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e7 }),
        fc.nat(2 ** 45),
        fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 16, maxLength: 32 }),
        (interval, now, key) => {
          const offset = slotOffset(key, interval);
          const slot = nextSlot(offset, interval, now);
          expect(slot).toBeGreaterThan(now);
          expect(slot - now).toBeLessThanOrEqual(interval);
          expect((slot - offset) % interval).toBe(0);
          expect(nextSlot(offset, interval, slot)).toBe(slot + interval);
        },
      ),
    );
  });
  test.each([
    [1, 1, 1],
    [19, 1, 19],
    [200, 10, 20],
    [1000, 50, 20],
    [1049, 50, 20],
    [15_000, 50, 300],
  ])('of %d ms lie on a grid of %d ms, and targets are on all %d of them', (interval, grid, slots) => {
    const keys = Array.from({ length: 100 * slots }, (_, i) => createHash('sha256').update(String(i)).digest('hex'));
    const counts = new Map<number, number>();
    for (const offset of keys.map((key) => slotOffset(key, interval)))
      counts.set(offset, (counts.get(offset) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: slots }, (_, i) => i * grid));
    expect(Math.max(...counts.values())).toBeLessThan(200);
  });
  test.each([
    [1000, 1000, 15_000, 1000],
    [1002, 1000, 15_000, 1000],
    [998, 1000, 15_000, 1000],
    [1003, 1000, 15_000, 1003],
    [1001, 1000, 50, 1001],
  ])('a scrape begun at %d for the slot at %d of %d ms is dated %d', (began, slot, interval, t) =>
    expect(alignTime(began, slot, interval)).toBe(t),
  );
});

describe('labels that page and target share', () => {
  const merged = (page: Record<string, string>, target: Record<string, string>, honor: boolean) =>
    labelsRecord(withTargetLabels(Object.entries(page), labelsOf(target), honor));
  test.each([
    [{ a: '1' }, { b: '2' }, false, { a: '1', b: '2' }],
    [{ a: '1' }, { a: '2' }, false, { a: '2', exported_a: '1' }],
    [{ a: '1', exported_a: '3' }, { a: '2' }, false, { a: '2', exported_a: '3', exported_exported_a: '1' }],
    [{ a: '' }, { a: '2' }, false, { a: '2' }],
    [{ a: '1' }, { a: '2' }, true, { a: '1' }],
    [{ a: '' }, { a: '2' }, true, {}],
  ])('%j on %j, honoured: %p', (page, target, honor, expected) =>
    expect(merged(page, target, honor)).toEqual(expected),
  );
});
