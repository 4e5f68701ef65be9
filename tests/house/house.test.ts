/** The house keeps its own rules: imports follow the drawing, the tree holds nothing of the machine it was written on. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && file !== 'package-lock.json' && !/\.(png|csv|svg|ico|woff2)$/.test(file));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

test('no room imports what the drawing does not show', () => {
  const run = spawnSync(
    process.execPath,
    ['node_modules/.bin/depcruise', 'src', '--config', '.dependency-cruiser.cjs'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  expect(run.stdout + run.stderr).toMatch(/no dependency violations found/);
});

test('no file names a machine’s folder', () => {
  // The launcher of the Grafana backend looks where Node usually lives on anybody's machine.
  const exempt = ['tests/house/house.test.ts', 'src/server/grafana/launcher/gpx_isotherm.sh'];
  const own = files.filter((file) => !exempt.includes(file));
  const named = own.filter((file) => /(?:^|[\s"'`=(:])\/(?:work|root|home\/\w+|Users\/\w+)\//m.test(read(file)));
  expect(named).toEqual([]);
});

test('no leftovers', () => {
  const marks = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].map((mark) => `\\b${mark}\\b`).join('|'));
  expect(files.filter((file) => marks.test(read(file)))).toEqual([]);
});

test('the lock file brings Node 24 for each platform that it serves', () => {
  const { optionalDependencies } = JSON.parse(read('package.json')) as { optionalDependencies: Record<string, string> };
  for (const [name, version] of Object.entries(optionalDependencies)) {
    expect(name).toMatch(/^node-(bin-)?(linux|darwin)-(x64|arm64)$/);
    expect(version).toMatch(/^24\./);
  }
});

test('each "yes" of the README\'s table of data sources names a test that there is', () => {
  const [, table] = /^\| In Grafana .*\n((?:\|.*\n)+)/m.exec(read('README.md'))!;
  const rows = table.split('\n').filter((row) => /^\| [^|-][^|]*\| yes/.test(row));
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) {
    const named = /\| yes[^|(]*\(\[test\]\((\S+) "([^"]+)"\)\)/.exec(row);
    const isThere = named !== null && files.includes(named[1]) && read(named[1]).includes(named[2]);
    expect({ row, isThere }).toEqual({ row, isThere: true });
  }
});
