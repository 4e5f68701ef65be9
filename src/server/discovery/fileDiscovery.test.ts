import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labelValue } from '../../shared/model/labels.ts';
import { createFileDiscoverer, parseTargetFile } from './fileDiscovery.ts';
import { createStaticDiscoverer } from './staticDiscovery.ts';
import type { Discoverer, TargetGroup } from './targetGroup.ts';

const addresses = (groups: readonly TargetGroup[]) =>
  groups.flatMap((g) => g.targets.map((t) => labelValue(t, '__address__')));

test('static targets are told once, with their labels', () => {
  const seen: (readonly TargetGroup[])[] = [];
  createStaticDiscoverer([{ targets: ['a:1', 'b:2'], labels: [['zone', 'x']] }]).start((groups) => seen.push(groups));
  expect(seen).toEqual([
    [{ source: '0', targets: [[['__address__', 'a:1']], [['__address__', 'b:2']]], labels: [['zone', 'x']] }],
  ]);
});

describe('a target file', () => {
  test('may be JSON or YAML', () => {
    const expected = [
      {
        source: 'F:0',
        targets: [[['__address__', 'a:1']]],
        labels: [
          ['__meta_filepath', 'F'],
          ['port', '80'],
        ],
      },
    ];
    const named = (file: string) => JSON.parse(JSON.stringify(expected).replaceAll('"F', `"${file}`)) as unknown;
    expect(parseTargetFile('[{"targets":["a:1"],"labels":{"port":"80"}}]', 'f.json')).toEqual(named('f.json'));
    expect(parseTargetFile('- targets: [a:1]\n  labels: {port: 80}\n', 'f.yml')).toEqual(named('f.yml'));
    expect(parseTargetFile('', 'f.yml')).toEqual([]);
  });
  test.each([['{}'], ['[{"target":["a"]}]'], ['[{"targets":"a"}]'], ['[']])('%s is refused', (text) =>
    expect(() => parseTargetFile(text, 'f.json')).toThrow(),
  );
});

describe('file discovery', () => {
  let dir: string;
  let discoverer: Discoverer;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'isotherm-sd-'))));
  afterEach(() => {
    discoverer.stop();
    rmSync(dir, { recursive: true });
  });

  /** Resolves with the first groups that satisfy the test; jest's own time limit is the bound. */
  function watcher(faults: string[] = []) {
    let wanted: { test: (a: string[]) => boolean; done: () => void } | undefined;
    let last: string[] = [];
    discoverer = createFileDiscoverer(
      { files: [join(dir, '*.yml')], refreshIntervalMs: 100 },
      { onFault: (file, why) => faults.push(`${file} ${why}`) },
    );
    discoverer.start((groups) => {
      last = addresses(groups);
      if (wanted?.test(last)) wanted.done();
    });
    return (test: (a: string[]) => boolean) =>
      new Promise<void>((done) => {
        if (test(last)) done();
        else wanted = { test, done };
      });
  }

  test('follows files that appear, change and go', async () => {
    const until = watcher();
    writeFileSync(join(dir, 'a.yml'), '- targets: [a:1]');
    await until((a) => a.join() === 'a:1');
    writeFileSync(join(dir, 'tmp'), '- targets: [a:2]');
    renameSync(join(dir, 'tmp'), join(dir, 'a.yml'));
    await until((a) => a.join() === 'a:2');
    writeFileSync(join(dir, 'b.yml'), '- targets: [b:1]');
    await until((a) => a.join() === 'a:2,b:1');
    rmSync(join(dir, 'a.yml'));
    await until((a) => a.join() === 'b:1');
  });

  test('keeps the last good targets of a file that breaks', async () => {
    const faults: string[] = [];
    writeFileSync(join(dir, 'a.yml'), '- targets: [a:1]');
    const until = watcher(faults);
    await until((a) => a.join() === 'a:1');
    writeFileSync(join(dir, 'a.yml'), '- targets: a:1');
    writeFileSync(join(dir, 'b.yml'), '- targets: [b:1]');
    await until((a) => a.includes('b:1'));
    await until((a) => a.join() === 'a:1,b:1' && faults.length > 0);
    expect(faults[0]).toMatch(/a\.yml is not a list/);
  });
});
