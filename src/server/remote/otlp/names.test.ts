/** Names, by strategy. What Prometheus makes of many more is held by tests/compat/otlp.test.ts. */
import { resolveOtlp } from '../../config/resolveOtlp.ts';
import { labelName, metricName, unitName, type Suffix } from './names.ts';

const escaped = resolveOtlp().naming;
const bare = resolveOtlp({ translation_strategy: 'UnderscoreEscapingWithoutSuffixes' }).naming;
const whole = resolveOtlp({ translation_strategy: 'NoUTF8EscapingWithSuffixes' }).naming;
const asIs = resolveOtlp({ translation_strategy: 'NoTranslation' }).naming;

test.each<[name: string, unit: string, suffix: Suffix, ...expected: (string | undefined)[]]>([
  ['http.duration', 'ms', undefined, 'http_duration_milliseconds', 'http_duration', 'http.duration_milliseconds'],
  ['http.duration_seconds', 's', undefined, 'http_duration_seconds', 'http_duration_seconds', 'http.duration_seconds'],
  ['io', 'By/s', 'total', 'io_bytes_per_second_total', 'io', 'io_bytes_per_second_total'],
  ['requests.total', '{r}', 'total', 'requests_total', 'requests_total', 'requests_total'],
  ['total.of.all', '', 'total', 'of_all_total', 'total_of_all', 'total.of.all_total'],
  ['hits', '1', 'ratio', 'hits_ratio', 'hits', 'hits_ratio'],
  ['2xx', '', undefined, '_2xx', '_2xx', '2xx'],
  ['a..b', '', undefined, 'a_b', 'a_b', 'a..b'],
  ['..', '', undefined, undefined, undefined, '..'],
  ['', '', undefined, undefined, undefined, undefined],
])('metric %j in %j with %s', (name, unit, suffix, ...expected) => {
  const names = [escaped, bare, whole].map((naming) => metricName(name, unit, suffix, naming));
  expect(names).toEqual(expected);
  expect(metricName(name, unit, suffix, asIs)).toBe(name || undefined);
});

const single = { ...escaped, keepsUnderscores: false, prefixesUnderscore: false };

test.each([
  ['a.b', 'a_b', 'a_b'],
  ['a..b', 'a__b', 'a_b'],
  ['9', 'key_9', 'key_9'],
  ['_x', 'key_x', '_x'],
  ['__x', '__x', '_x'],
  ['__a__b__', '__a__b__', '__a_b__'],
  ['ü', 'key_', undefined],
  ['', undefined, undefined],
])('label %j', (name, kept, joined) => {
  expect([labelName(name, escaped), labelName(name, single)]).toEqual([kept, joined]);
  expect(labelName(name, asIs)).toBe(name || undefined);
});

test.each([
  ['ms', 'milliseconds'],
  ['By/s', 'bytes_per_second'],
  ['{requests}/s', 'per_second'],
  ['1', ''],
  ['foo bar', 'foo_bar'],
])('unit %j is %j', (unit, name) => expect(unitName(unit)).toBe(name));
