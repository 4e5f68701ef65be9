/** What is provisioned is readable, speaks of the same things throughout, and asks nothing that the demo does not answer. */
import { readFileSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parse } from 'yaml';
import { replaceMacros, stepOf } from '../../src/shared/api/grafanaQuery.ts';
import { parseExpr } from '../../src/shared/promql/parser.ts';

const ROOT = path.resolve(__dirname, '../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const json = (file: string) => JSON.parse(read(file));
const manifests = ['plugin.json', 'src/datasource/plugin.json', 'src/panel/plugin.json'].map(json);
const ids = manifests.map((manifest) => manifest.id as string);
const dashboard = json('provisioning/dashboards/model-serving.json');
const rules = parse(read('provisioning/alerting/latency.yaml')).groups.flatMap(
  (group: { rules: unknown[] }) => group.rules,
);

test('all YAML is readable', () => {
  for (const folder of ['datasources', 'dashboards', 'plugins', 'alerting']) {
    for (const name of readdirSync(path.join(ROOT, 'provisioning', folder)).filter((file) => file.endsWith('.yaml'))) {
      expect(parse(read(`provisioning/${folder}/${name}`)).apiVersion).toBe(1);
    }
  }
});

test("data source, app and panels are ours or Grafana's", () => {
  expect(parse(read('provisioning/datasources/isotherm.yaml')).datasources[0].type).toBe(ids[1]);
  expect(parse(read('provisioning/plugins/isotherm.yaml')).apps[0].type).toBe(ids[0]);
  const types = new Set<string>(dashboard.panels.map((panel: { type: string }) => panel.type));
  expect([...types].sort()).toEqual([ids[2], 'stat', 'timeseries'].sort());
});

describe('every query of the dashboard and of the alert rules is PromQL', () => {
  const targets = dashboard.panels.flatMap((panel: { targets: { expr: string }[] }) => panel.targets);
  const data = rules.flatMap((rule: { data: { model: { expr?: string } }[] }) => rule.data.map((d) => d.model));
  const expressions: string[] = [...targets, ...data].flatMap((query) =>
    query.expr === undefined ? [] : [query.expr],
  );
  test.each(expressions)('%s', (expr) => {
    const request = {
      fromMs: 0,
      toMs: 3_600_000,
      intervalMs: 15_000,
      scrapeIntervalMs: 15_000,
      query: { refId: 'A', expr },
    };
    const plain = replaceMacros(expr, request, stepOf(request)).replace(/\$\w+/g, 'x');
    expect(() => parseExpr(plain)).not.toThrow();
  });
});

test('alert rules ask for one moment, of the data source that is provisioned', () => {
  const { uid } = parse(read('provisioning/datasources/isotherm.yaml')).datasources[0];
  for (const rule of rules) {
    expect(rule.data[0]).toMatchObject({ datasourceUid: uid, model: { instant: true, range: false } });
    expect(rule.data.map((d: { refId: string }) => d.refId)).toContain(rule.condition);
  }
});

test('panels do not lie over each other', () => {
  const taken = new Set<string>();
  for (const { gridPos } of dashboard.panels as { gridPos: { x: number; y: number; w: number; h: number } }[]) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(x).toBeLessThan(24);
        expect(taken.has(`${x},${y}`)).toBe(false);
        taken.add(`${x},${y}`);
      }
    }
  }
});

test('all three plugins may load unsigned wherever we start a Grafana', () => {
  const allowed = parse(read('docker-compose.yml')).services.grafana.environment
    .GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS;
  expect(allowed.split(',')).toEqual(ids);
});

const compose = [['docker', 'compose'], ['docker-compose']].find(
  ([command, ...args]) => spawnSync(command, [...args, 'version']).status === 0,
);
(compose === undefined ? test.skip : test)('docker compose reads its file', () => {
  const [command, ...args] = compose ?? [];
  const run = spawnSync(command, [...args, '-f', 'docker-compose.yml', 'config'], { cwd: ROOT, encoding: 'utf8' });
  expect([run.status, run.stderr]).toEqual([0, expect.not.stringMatching(/invalid|error/i)]);
});
