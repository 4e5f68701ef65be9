import { labelsOf, labelsRecord } from '../../shared/model/labels.ts';
import type { RelabelConfig } from '../config/config.ts';
import { compileRelabel, parseTemplate, relabel } from './relabel.ts';

type Set = Record<string, string>;
const DEFAULTS: RelabelConfig = {
  sourceLabels: [],
  separator: ';',
  targetLabel: '',
  regex: '(.*)',
  modulus: 0,
  replacement: '$1',
  action: 'replace',
};

const rule = (name: string, change: Partial<RelabelConfig>, from: Set, to: Set | undefined) =>
  test(name, () => {
    const after = relabel(labelsOf(from), compileRelabel([{ ...DEFAULTS, ...change }]));
    expect(after && labelsRecord(after)).toEqual(to);
  });

const AB = { a: 'foo', b: 'bar' };
rule('replace copies a label', { sourceLabels: ['a'], targetLabel: 'c' }, AB, { ...AB, c: 'foo' });
rule('replace joins with the separator', { sourceLabels: ['a', 'b', 'none'], targetLabel: 'c' }, AB, {
  ...AB,
  c: 'foo;bar;',
});
rule(
  'replace fills groups',
  { sourceLabels: ['a', 'b'], regex: '(f)(.*);b(?P<rest>.*)', replacement: '${2}-$1-${rest}-$rest', targetLabel: 'c' },
  AB,
  { ...AB, c: 'oo-f-ar-ar' },
);
rule('replace is anchored', { sourceLabels: ['a'], regex: 'o', replacement: 'x', targetLabel: 'c' }, AB, AB);
rule(
  'replace with an empty text removes the label',
  { sourceLabels: ['a'], regex: 'foo', replacement: '', targetLabel: 'b' },
  AB,
  { a: 'foo' },
);
rule('replace with a constant needs no source', { targetLabel: 'c', replacement: 'x' }, AB, { ...AB, c: 'x' });
rule(
  'replace may make the label name too',
  { sourceLabels: ['a'], regex: '(.)(.*)', targetLabel: 'l_$1', replacement: '$2' },
  AB,
  { ...AB, l_f: 'oo' },
);
rule(
  'replace takes the longest name after $',
  { sourceLabels: ['a'], regex: '(.)oo', targetLabel: 'c', replacement: '$1x' },
  AB,
  AB,
);
rule(
  'a group that is not there is empty',
  { sourceLabels: ['a'], regex: 'foo', targetLabel: 'c', replacement: 'x${7}y' },
  AB,
  { ...AB, c: 'xy' },
);
rule('$$ is a dollar sign', { sourceLabels: ['a'], regex: 'foo', targetLabel: 'c', replacement: '$$1' }, AB, {
  ...AB,
  c: '$1',
});
rule('keep keeps what matches', { action: 'keep', sourceLabels: ['a'], regex: 'f.*' }, AB, AB);
rule('keep drops the rest', { action: 'keep', sourceLabels: ['a'], regex: 'o.*' }, AB, undefined);
rule('drop drops what matches', { action: 'drop', sourceLabels: ['a'], regex: 'f.*' }, AB, undefined);
rule('drop keeps the rest', { action: 'drop', sourceLabels: ['a'], regex: 'o.*' }, AB, AB);
rule(
  'keepequal keeps equals',
  { action: 'keepequal', sourceLabels: ['a'], targetLabel: 'b' },
  { a: 'x', b: 'x' },
  { a: 'x', b: 'x' },
);
rule('keepequal drops others', { action: 'keepequal', sourceLabels: ['a'], targetLabel: 'b' }, AB, undefined);
rule(
  'dropequal drops equals',
  { action: 'dropequal', sourceLabels: ['a'], targetLabel: 'b' },
  { a: 'x', b: 'x' },
  undefined,
);
rule('dropequal keeps others', { action: 'dropequal', sourceLabels: ['a'], targetLabel: 'b' }, AB, AB);
rule('lowercase', { action: 'lowercase', sourceLabels: ['a'], targetLabel: 'c' }, { a: 'FoO' }, { a: 'FoO', c: 'foo' });
rule('uppercase', { action: 'uppercase', sourceLabels: ['a'], targetLabel: 'c' }, { a: 'FoO' }, { a: 'FoO', c: 'FOO' });
rule(
  'labelmap',
  { action: 'labelmap', regex: '__meta_(.+)', replacement: 'm_$1' },
  { __meta_x: '1', y: '2' },
  { __meta_x: '1', m_x: '1', y: '2' },
);
rule('labeldrop', { action: 'labeldrop', regex: 'a.*' }, { a: '1', ab: '2', b: '3' }, { b: '3' });
rule('labelkeep', { action: 'labelkeep', regex: 'a.*' }, { a: '1', ab: '2', b: '3' }, { a: '1', ab: '2' });
// The last 8 bytes of md5("foo") = acbd18db4cc2f85cedef654fccc4a4d8, as a big-endian number, modulo 1000.
rule('hashmod', { action: 'hashmod', sourceLabels: ['a'], targetLabel: 'h', modulus: 1000 }, AB, {
  ...AB,
  h: String(0xedef654fccc4a4d8n % 1000n),
});

test('rules follow one another', () => {
  const rules = compileRelabel([
    { ...DEFAULTS, sourceLabels: ['a'], targetLabel: '__tmp_x' },
    { ...DEFAULTS, sourceLabels: ['__tmp_x'], targetLabel: 'b', regex: 'f(.*)' },
    { ...DEFAULTS, action: 'labeldrop', regex: '__tmp_.*' },
  ]);
  expect(labelsRecord(relabel(labelsOf(AB), rules) ?? [])).toEqual({ a: 'foo', b: 'oo' });
});

test('a name that is no plain name is left alone under legacy names', () => {
  const config = [{ ...DEFAULTS, sourceLabels: ['a'], targetLabel: '$1', regex: '(.*)', replacement: 'x' }];
  const labels = labelsOf({ a: 'b.c' });
  expect(relabel(labels, compileRelabel(config, true))).toEqual(labels);
  expect(labelsRecord(relabel(labels, compileRelabel(config)) ?? [])).toEqual({ a: 'b.c', 'b.c': 'x' });
});

test('a template falls into texts and references', () => {
  expect(parseTemplate('a$1b${c}$$d$')).toEqual(['a', { group: '1b' }, { group: 'c' }, '$', 'd$']);
});
