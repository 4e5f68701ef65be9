/** The built backend executable as a process: how it starts, what it says, and when it leaves. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { backendRig, query, source } from './backendRig.ts';
import { startPlugin } from './pluginHost.ts';

const rig = backendRig();

describe('the process', () => {
  test('shakes hands with a private socket and no seventh field', () => {
    expect(rig.plugin.handshake).toMatch(/^1\|2\|unix\|\/.+\|grpc\|$/);
    const socket = rig.plugin.handshake.split('|')[3];
    expect(statSync(path.dirname(socket)).mode & 0o777).toBe(0o700);
  });
  test('serves', async () => expect(await rig.plugin.ping()).toBe(1));
  test('says what it is and leaves when a person starts it', () => {
    const run = spawnSync(rig.executable, { env: {}, encoding: 'utf8' });
    expect(run).toMatchObject({ status: 1, stdout: '' });
    expect(run.stderr).toMatch(/backend of the Isotherm data source/);
  });
  test('leaves when the host asks, and takes its socket along', async () => {
    const other = await startPlugin(rig.executable);
    await other.shutdown();
    expect(await other.exited).toBe(0);
    expect(() => statSync(other.handshake.split('|')[3])).toThrow(/ENOENT/);
  });
  test('leaves when the host vanishes', async () => {
    const other = await startPlugin(rig.executable);
    await other.ping();
    other.vanish();
    expect(await other.exited).toBe(0);
  });
  test('leaves when its parent is killed, even if nobody ever connected', async () => {
    const parent = spawn(
      process.execPath,
      [
        '-e',
        `const c = require('node:child_process').spawn(${JSON.stringify(rig.executable)}, { env: { grafana_plugin_type: 'datasource' }, stdio: ['ignore', 'pipe', 'inherit'] });
         c.stdout.once('data', () => process.stdout.write(String(c.pid)));`,
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
    parent.kill('SIGKILL');
    const isThere = () => {
      try {
        return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      } catch {
        return false;
      }
    };
    for (let i = 0; i < 100 && isThere(); i++) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isThere()).toBe(false);
  });
  test('logs in the one form that its host can read', async () => {
    const other = await startPlugin(rig.executable);
    await other.shutdown();
    await other.exited;
    expect(other.log.length).toBeGreaterThan(0);
    for (const line of other.log) {
      const entry = JSON.parse(line);
      expect([typeof entry['@level'], typeof entry['@message']]).toEqual(['string', 'string']);
      expect(entry['@timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    }
  });
  const systemNode = ['/usr/bin/node', '/usr/local/bin/node'].find(
    (file) => Number(/^v(\d+)/.exec(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1] ?? 0) >= 20,
  );
  (systemNode === undefined ? test.skip : test)('runs on the Node that grafana.ini names', async () => {
    const other = await startPlugin(rig.executable, { GF_PLUGIN_NODE_PATH: systemNode as string });
    const version = spawnSync(systemNode as string, ['--version'], { encoding: 'utf8' }).stdout.trim();
    expect(await other.metrics()).toContain(`nodejs_version_info{version="${version}"`);
    const answers = await other.query(source('http://127.0.0.1:1'), [query('A', { expr: 'up' })]);
    expect(answers.get('A')).toMatchObject({ status: 502, errorSource: 'downstream' });
    await other.shutdown();
    expect(await other.exited).toBe(0);
  });
  test('a launcher that finds no Node says so in the log', () => {
    const bare = mkdtempSync(path.join(tmpdir(), 'isotherm-launcher-'));
    const script = readFileSync(rig.executable, 'utf8')
      // The places of this machine do not exist on the one that is imitated.
      .replaceAll(/ (\/usr|\/opt|\/snap|\/root|\/home)[^\s;]*/g, '');
    const run = spawnSync('/bin/sh', ['-c', script, path.join(bare, 'gpx')], { env: { PATH: bare }, encoding: 'utf8' });
    rmSync(bare, { recursive: true, force: true });
    expect(run.status).toBe(1);
    expect(JSON.parse(run.stderr)).toMatchObject({
      '@level': 'error',
      '@message': expect.stringMatching(/no Node of version 20/),
    });
  });
});
