/** Every key of the configuration with a right value, a wrong one, and misspelt: what `isotherm check config` says, and whether promtool agrees. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fileKeys } from '../../src/server/config/fileSchema.ts';
import { ABSENT_DISCOVERY } from '../../src/server/config/scrapeSchema.ts';
import { beside, PROMTOOL } from '../support/prometheusProcess.ts';
import { ISOTHERM, tempFolder } from '../support/sidecar.ts';
import { CONFIG_KEYS, type KeyRow, type KeySection } from './configKeys.ts';

jest.setTimeout(120_000);

/** The last letter twice. */
const misspelt = (key: string) => key + key.slice(-1);

function textOf(
  { head, indent, base }: KeySection,
  key: string,
  { beside, insteadOf }: KeyRow,
  as: string,
  value: string,
): string {
  const others = Object.entries({ ...base, ...beside }).filter(([other]) => other !== key && other !== insteadOf);
  const lines = [`${as}: ${value}`, ...others.map(([other, its]) => `${other}: ${its}`)];
  return [...head, ...lines.map((line) => ' '.repeat(indent) + line), ''].join('\n');
}

interface Walked {
  readonly section: KeySection;
  readonly key: string;
  readonly row: KeyRow;
  /** Paths of the three files. */
  readonly good: string;
  readonly bad: string;
  readonly misspelt: string;
}

const folder = tempFolder();
writeFileSync(join(folder, 'there.txt'), 'there');
const WALK: readonly Walked[] = CONFIG_KEYS.flatMap((section, s) =>
  Object.entries(section.keys).map(([key, row]) => {
    const write = (kind: string, as: string, value: string) => {
      const path = join(folder, `${s}.${key}.${kind}.yml`);
      writeFileSync(path, textOf(section, key, row, as, value));
      return path;
    };
    return {
      ...{ section, key, row },
      good: write('good', key, row.good),
      bad: write('bad', key, row.bad),
      misspelt: write('misspelt', misspelt(key), row.good),
    };
  }),
);
const PATHS = WALK.flatMap(({ good, bad, misspelt }) => [good, bad, misspelt]);
const NAMED = WALK.map((one) => [`${one.section.name}: ${one.key}`, one] as const);

/** One process for all files: what it says of each, by its path. */
function sayings(command: string): (path: string) => string {
  const { stdout, stderr } = spawnSync(command, ['check', 'config', ...PATHS], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  // What promtool could not read follows on lines of its own.
  const lines = `${stdout}\n${stderr}`.replace(/\n(?= +line \d+:)/g, '').split('\n');
  return (path) => lines.filter((line) => line.includes(path)).join('\n');
}

describe('isotherm check config', () => {
  let ours: (path: string) => string;
  beforeAll(() => (ours = sayings(ISOTHERM)));

  test.each(NAMED)('%s', (_, { section, key, row, good, bad, misspelt: wrong }) => {
    const line = section.head.length + 1;
    const path = section.path === '' ? key : `${section.path}.${key}`;
    // The fault is in the value or in something inside it.
    const isSaid = (file: string) => {
      const place = `${file}:${line}:`;
      const [, said = ''] = /^\d+: (.*)/.exec(ours(file).slice(place.length)) ?? [];
      return ours(file).startsWith(place) && said.startsWith(path);
    };
    if (row.refused === undefined) expect(ours(good)).toContain(`${good}: right`);
    else expect([isSaid(good), ours(good)]).toEqual([true, expect.anything()]);
    expect([isSaid(bad), ours(bad)]).toEqual([true, expect.anything()]);
    const unknown = `${wrong}:${line}:${section.indent + 1}: ${misspelt(path)}: unknown key; did you mean ${key}?`;
    expect(ours(wrong)).toContain(unknown);
  });
});

/** The table is of what this version knows. */
beside({ promtool: [3, 14] }, 'promtool says the same', () => {
  let theirs: (path: string) => string;
  beforeAll(() => (theirs = sayings(PROMTOOL)));
  const isRight = (path: string) => theirs(path).includes('SUCCESS');

  test.each(NAMED)('%s', (_, { section, good, bad, misspelt: wrong }) => {
    // A promtool may be built without a kind of discovery.
    if (/field \w+_sd_configs not found/.test(theirs(good))) return;
    if (!isRight(good)) throw new Error(`${section.name}: ${theirs(good)}`);
    if (isRight(bad)) throw new Error(`${section.name}: ${theirs(bad)}`);
    expect(isRight(wrong)).toBe(false);
  });
});

/** Names of all keys that the schema knows below `schema`, with the path of the object that has them. */
function keysOf(schema: unknown, path: string): string[] {
  if (schema instanceof z.ZodOptional) return keysOf(schema.unwrap(), path);
  if (schema instanceof z.ZodArray) return keysOf(schema.element, `${path}[0]`);
  if (schema instanceof z.ZodRecord) return keysOf(schema.valueType, `${path}.X-A`);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([key, value]) => {
    const here = path === '' ? key : `${path}.${key}`;
    return [here, ...keysOf(value, here)];
  });
}

test('the table has every key that is read', () => {
  const walked = new Set(WALK.map(({ section: { path }, key }) => (path === '' ? key : `${path}.${key}`)));
  const sections = new Set(CONFIG_KEYS.map(({ path }) => path));
  const parent = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('.')));
  const read = keysOf(fileKeys, '').filter((path) => sections.has(parent(path)));
  expect(read.filter((path) => !walked.has(path) && !ABSENT_DISCOVERY.includes(path.split('.').at(-1) ?? ''))).toEqual(
    [],
  );
});
