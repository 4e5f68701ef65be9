/**
 * The release: what each platform's archive holds, by the heads of its programs; and that of this machine's platform unpacked as Grafana would have it, its
 * backend run where there is no Node.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageRelease, type Release } from '../../scripts/package.ts';
import { startPlugin } from './pluginHost.ts';

const MINUTES = 60_000;
jest.setTimeout(15 * MINUTES);
const isBuildable = process.platform === 'linux' && process.arch === 'x64' && spawnSync('unzip', ['-v']).status === 0;
const onLinux = isBuildable ? describe : describe.skip;

/** Of 64-bit programs: the machine that an ELF, a Mach-O or a PE file is for, as its head says. */
function machineOf(program: Buffer): string {
  const MACHINES: Readonly<Record<string, string>> = {
    'ELF 3e': 'linux x64',
    'ELF b7': 'linux arm64',
    'Mach-O 1000007': 'macOS x64',
    'Mach-O 100000c': 'macOS arm64',
    'PE 8664': 'Windows x64',
  };
  const head =
    program.readUInt32BE(0) === 0x7f454c46
      ? `ELF ${program.readUInt16LE(18).toString(16)}`
      : program.readUInt32LE(0) === 0xfeedfacf
        ? `Mach-O ${program.readUInt32LE(4).toString(16)}`
        : program.toString('latin1', 0, 2) === 'MZ'
          ? `PE ${program.readUInt16LE(program.readUInt32LE(0x3c) + 4).toString(16)}`
          : program.toString('latin1', 0, 2);
  return MACHINES[head] ?? head;
}

onLinux('the release (wants Linux on x64, and unzip)', () => {
  let folder: string;
  let release: Release;
  let plugin: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'isotherm-package-'));
    release = await packageRelease([], path.join(folder, 'release'));
    const archive = release.files.find((name) => name.endsWith('.linux_amd64.zip'))!;
    execFileSync('unzip', ['-q', path.join(release.folder, archive), '-d', path.join(folder, 'plugins')]);
    plugin = path.join(folder, 'plugins/isotherm-monitoring-app');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('holds one folder with the plugins, their pages and one executable', () => {
    for (const file of [
      'plugin.json',
      'module.js',
      'README.md',
      'CHANGELOG.md',
      'LICENSE',
      'datasource/plugin.json',
      'panel/module.js',
    ])
      expect(existsSync(path.join(plugin, file))).toBe(true);
    expect(statSync(path.join(plugin, 'datasource/gpx_isotherm_linux_amd64')).mode & 0o111).toBe(0o111);
    expect(existsSync(path.join(plugin, 'datasource/node-path.txt'))).toBe(false);
  });

  test.each([
    ['linux_amd64', 'linux x64', 'gpx_isotherm_linux_amd64'],
    ['linux_arm64', 'linux arm64', 'gpx_isotherm_linux_arm64'],
    ['darwin_amd64', 'macOS x64', 'node'],
    ['darwin_arm64', 'macOS arm64', 'node'],
    ['windows_amd64', 'Windows x64', 'gpx_isotherm_windows_amd64.exe'],
  ])('the archive for %s holds a program for %s, and no other', (name, machine, program) => {
    const archive = path.join(
      release.folder,
      release.files.find((file) => file.endsWith(`.${name}.zip`))!,
    );
    const source = 'isotherm-monitoring-app/datasource/';
    const files = execFileSync('unzip', ['-Z1', archive], { encoding: 'utf8' }).trim().split('\n');
    const launched = program === 'node' ? [`gpx_isotherm_${name}`, 'gpx_isotherm.cjs', 'node'] : [program];
    const programs = files.filter((file) => /^(gpx_|node)/.test(file.slice(source.length)) && file.startsWith(source));
    expect(programs.map((file) => file.slice(source.length)).sort()).toEqual(launched.sort());
    for (const file of ['plugin.json', 'module.js', 'datasource/plugin.json', 'datasource/server/collector.mjs'])
      expect(files).toContain(`isotherm-monitoring-app/${file}`);
    const bytes = execFileSync('unzip', ['-p', archive, source + program], { maxBuffer: 2 ** 30 });
    expect(machineOf(bytes)).toBe(machine);
    // A single executable carries our code, and its Node is told so.
    const fuse = bytes.toString('latin1', bytes.indexOf('NODE_SEA_FUSE_')).slice(0, 48);
    expect(/^NODE_SEA_FUSE_\w{32}:1/.test(fuse)).toBe(program !== 'node');
  });

  test('has checksums that are right, and a list of the packages in it', () => {
    const lines = readFileSync(path.join(release.folder, 'SHA256SUMS'), 'utf8').trim().split('\n');
    expect(lines).toHaveLength(release.files.length - 1);
    for (const line of lines) {
      const [sum, file] = line.split('  ');
      expect(
        createHash('sha256')
          .update(readFileSync(path.join(release.folder, file)))
          .digest('hex'),
      ).toBe(sum);
    }
    const sbom = release.files.find((name) => name.endsWith('.cdx.json'))!;
    const { bomFormat, components } = JSON.parse(readFileSync(path.join(release.folder, sbom), 'utf8')) as {
      bomFormat: string;
      components: { name: string }[];
    };
    expect(bomFormat).toBe('CycloneDX');
    expect(components.map(({ name }) => name)).toEqual(expect.arrayContaining(['fastify', 'yaml']));
  });

  test('runs and collects where no Node is to be found', async () => {
    const backend = await startPlugin(path.join(plugin, 'datasource/gpx_isotherm_linux_amd64'), {
      GF_PLUGIN_DATA_DIR: path.join(folder, 'data'),
    });
    const context = {
      orgId: 1,
      pluginId: 'isotherm-metrics-datasource',
      dataSource: {
        id: 1,
        name: 'here',
        url: '',
        user: '',
        database: '',
        basicAuthEnabled: false,
        basicAuthUser: '',
        jsonData: Buffer.from(JSON.stringify({ mode: 'collect', timeInterval: '1s' })),
        secureJsonData: {},
        lastUpdatedMs: 1,
        uid: 'here',
      },
    };
    let health = await backend.health(context);
    for (const end = Date.now() + MINUTES; Date.now() < end && !/1 of 1 targets are up/.test(health.message);)
      health = await backend.health(context);
    expect(health.message).toMatch(/^Collecting here: 1 of 1 targets are up/);
    const { body } = await backend.resource(context, 'GET', 'api/v1/query?query=node_memory_MemTotal_bytes');
    expect(body).toContain('"status":"success"');
    expect(body).toContain('node_memory_MemTotal_bytes');
    await backend.shutdown();
    expect(await backend.exited).toBe(0);
  });
});
