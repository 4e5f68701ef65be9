import { parseSloFile } from './sloFile.ts';

const slo = (more: string) => `slos:\n  - name: a\n    objective: 99.9\n    ${more}\n`;
const availability = 'availability: { total: x_total, bad: \'x_total{code="500"}\' }';

test('what is not said has a default', () => {
  const [read] = parseSloFile(slo(availability), 'slo.yml');
  expect(read).toMatchObject({ objective: 99.9, periodMs: 30 * 86_400_000, by: [], alertName: 'ErrorBudgetBurns' });
});

test('goodput joins availability and latencies, the first of which counts the requests', () => {
  const text = `goodput: { ${availability}, latencies: [{ histogram: h, under: 250ms, native: true }] }`;
  const [{ parts }] = parseSloFile(slo(text), 'slo.yml');
  expect(parts).toMatchObject([
    { kind: 'availability', counted: 'bad' },
    { kind: 'latency', underMs: 250, isNative: true },
  ]);
});

test.each([
  [
    'an objective that is a share',
    slo(availability).replace('99.9', '0.999'),
    /objective: is 0.999 percent; did you mean 99.9/,
  ],
  ['an objective of everything', slo(availability).replace('99.9', '100'), /write percent between 0 and 100/],
  ['nothing to measure', slo(''), /add latency, availability or goodput/],
  ['two things to measure', slo(`${availability}\n    goodput: {}`), /goodput joins several/],
  ['an empty goodput', slo('goodput: {}'), /a request is good for what/],
  ['neither good nor bad', slo('availability: { total: x }'), /one of bad and good/],
  ['a period of a day', slo(`window: 1d\n    ${availability}`), /budgets are kept over 1w to 92d/],
  ['a rate in place of a counter', slo("availability: { total: 'rate(x[5m])', bad: y }"), /rate and sum are added/],
  ['a part of a histogram', slo('latency: { histogram: h_bucket, under: 1s }'), /write h, the histogram's own name/],
  ['a limit without a unit', slo('latency: { histogram: h, under: 250 }'), /the unit is missing/],
  ['the same name twice', `${slo(availability)}${slo(availability).replace('slos:\n', '')}`, /names must differ/],
  ['an unknown key', slo(`${availability}\n    windows: 30d`), /did you mean window\?/],
])('%s is refused', (_, text, why) => expect(() => parseSloFile(text, 'slo.yml')).toThrow(why));
