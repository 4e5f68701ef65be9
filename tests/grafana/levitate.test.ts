/** What the front ends use of `@grafana/*`, compared by Grafana's own `levitate` with what the oldest and the newest supported packages have. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installed, LEVITATE, NEWEST, OLDEST, type PackageSet } from './grafanaPackages.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const RUN_MS_MAX = 300_000;
jest.setTimeout(RUN_MS_MAX);

/** Types alone, which no bundle has in it: `Action` of 12.1, and parameters whose types were named anew without another meaning. */
const IN_TYPES_ALONE = [
  'Removed Action',
  'Removed Action.type',
  'Removed Action.title',
  'Removed Action.confirmation',
  'Changed PanelPlugin.setMigrationHandler',
  'Changed PanelPlugin.setPanelChangeHandler',
  'Changed PanelPlugin.setPanelOptions',
  'Changed PanelPlugin.useFieldConfig',
  'Changed PanelPlugin.setSuggestionsSupplier',
];

const tool = installed(LEVITATE);
('why' in tool ? describe.skip : describe)(`levitate${'why' in tool ? ` (${tool.why})` : ''}`, () => {
  const temp = mkdtempSync(path.join(tmpdir(), 'isotherm-levitate-'));
  afterAll(() => rmSync(temp, { recursive: true, force: true }));

  /** @returns what `module` uses and the packages of that Grafana lack or have otherwise. */
  async function differences(module: string, { packages }: PackageSet): Promise<string[]> {
    const bin = path.join((tool as { folder: string }).folder, 'node_modules/@grafana/levitate/dist/bin.js');
    const targets = ['@grafana/data', '@grafana/runtime', '@grafana/ui'].map((name) => `${name}@${packages[name]}`);
    const args = [
      bin,
      'is-compatible',
      '--path',
      path.join('tests/grafana/levitate', module),
      '--target',
      targets.join(),
    ];
    // It downloads the packages that it compares; once is enough.
    const env = { ...process.env, TMPDIR: temp, LEVITATE_CACHE: '1', NO_COLOR: '1' };
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, args, { cwd: ROOT, env, maxBuffer: 2 ** 24, timeout: RUN_MS_MAX }, (_, out, errors) =>
        resolve(out + errors),
      );
    });
    for (const target of targets) expect(output).toContain(`Installed ${target} successfully`);
    expect(output).not.toMatch(/Could not process/);
    return [...output.matchAll(/^\d+\) (Removed|Changed) `(.+?)` used in/gm)].map(
      ([, what, name]) => `${what} ${name}`,
    );
  }

  test('sees what Grafana 10.1 lacks', async () => {
    expect(await differences('lacking.ts', OLDEST)).toEqual(['Removed Combobox']);
  });

  test('finds nothing that the oldest lacks but types', async () => {
    expect((await differences('bundle.ts', OLDEST)).sort()).toEqual([...IN_TYPES_ALONE].sort());
  });

  test('finds nothing that the newest lacks or has otherwise', async () => {
    expect(await differences('bundle.ts', NEWEST)).toEqual([]);
  });
});
