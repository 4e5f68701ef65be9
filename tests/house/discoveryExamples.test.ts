/** Every kind of discovery has an example in docs/discovery.md, every example there is taken by the program, and every kind has tests of its own. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../src/server/config/load.ts';

const ROOT = join(__dirname, '..', '..');
const KINDS = ['static', 'file', 'http', 'dns', 'consul', 'docker', 'ec2', 'kubernetes'];
const EXAMPLES = readFileSync(join(ROOT, 'docs/discovery.md'), 'utf8')
  .split('```')
  .filter((text) => /^yaml\n\w+:/.test(text))
  .map((text) => text.slice('yaml\n'.length));

const jobOf = (example: string) => {
  const text = `scrape_configs:\n- job_name: a\n${example.replace(/^(?=.)/gm, '  ')}`;
  return parseConfig(text, { dir: '/', path: 'example.yml' }).scrapeConfigs[0];
};
const kindsOf = (example: string) => [...example.matchAll(/^(\w+?)(?:_sd)?_configs:/gm)].map(([, kind]) => kind);

test.each(EXAMPLES)('the program takes: %s', (example) => {
  const { staticConfigs, fileSdConfigs, discovery } = jobOf(example);
  const found = [
    ...(staticConfigs.length > 0 ? ['static'] : []),
    ...(fileSdConfigs.length > 0 ? ['file'] : []),
    ...new Set(discovery.map(({ kind }) => kind)),
  ];
  expect(found).toEqual(kindsOf(example).filter((kind) => KINDS.includes(kind)));
  expect(found).toHaveLength(1);
});

test('each kind has an example', () => {
  const shown = EXAMPLES.flatMap(kindsOf).filter((kind) => KINDS.includes(kind));
  expect([...new Set(shown)].sort()).toEqual([...KINDS].sort());
});

test('each kind has tests', () => {
  const files = readdirSync(join(ROOT, 'src/server/discovery'), { recursive: true, encoding: 'utf8' });
  const tests = files
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(ROOT, 'src/server/discovery', file));
  const texts = tests.map((file) => readFileSync(file, 'utf8'));
  const untested = KINDS.filter(
    (kind) => !texts.some((text) => new RegExp(`create${kind}Discoverer|${kind}_sd_configs`, 'i').test(text)),
  );
  expect(untested).toEqual([]);
});
