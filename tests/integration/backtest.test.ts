/** Backtests: a folder, a server asked over the network and the server's own API say the same. */
import { join } from 'node:path';
import type { ApiBacktest } from '../../src/shared/api/backtest.ts';
import { runIsotherm, startSidecar, tempFolder, writeConfig } from '../support/sidecar.ts';

const MINUTE = 60;
const START = Math.floor(Date.now() / 1000 / MINUTE) * MINUTE - 60 * MINUTE;
const RULES = `groups:
  - name: g
    interval: 1m
    rules:
      - { record: 'model:load', expr: sum by (model) (load) }
      - alert: Loaded
        expr: model:load > 10
        for: 2m
        annotations: { summary: '{{ $labels.model }} has {{ $value }}' }
`;

function page(): string {
  const lines = Array.from(
    { length: 41 },
    (_, i) => `load{model="m"} ${i >= 10 && i < 20 ? 12 : 1} ${START + i * MINUTE}`,
  );
  return ['# TYPE load gauge', ...lines, '# EOF', ''].join('\n');
}

test('a folder, a server that is asked and its API tell the same', async () => {
  const folder = tempFolder();
  const rules = writeConfig(folder, RULES, 'rules.yml');
  const data = join(folder, 'data');
  const imported = await runIsotherm([
    'tsdb',
    'import',
    `--storage.tsdb.path=${data}`,
    writeConfig(folder, page(), 'page.txt'),
  ]);
  expect(imported.code).toBe(0);
  const range = [`--start=${START}`, `--end=${START + 30 * MINUTE}`];

  const fromFolder = await runIsotherm(['backtest', `--storage.tsdb.path=${data}`, ...range, rules]);
  const at = (minute: number) => new Date((START + minute * MINUTE) * 1000).toISOString().replace('.000', '');
  expect(fromFolder.stdout.split('\n').slice(2)).toEqual([
    'g: model:load would have recorded 1 series',
    '',
    'g: Loaded would have fired once, 8m in all',
    `  ${at(12)}  firing for 8m  {model="m"}  12`,
    '      summary: m has 12',
    '',
  ]);

  writeConfig(folder, 'global: {}\n');
  const sidecar = await startSidecar(folder);
  try {
    const fromServer = await runIsotherm(['backtest', `--from=${sidecar.url}`, ...range, rules]);
    expect([fromServer.stdout, fromServer.stderr]).toEqual([fromFolder.stdout, '']);
    const form = { rules: RULES, start: String(START), end: String(START + 30 * MINUTE) };
    const answer = await fetch(`${sidecar.url}/api/v1/backtest`, { method: 'POST', body: new URLSearchParams(form) });
    const { data: told } = (await answer.json()) as { data: ApiBacktest };
    const base = { labels: { alertname: 'Loaded', model: 'm' }, annotations: { summary: 'm has 12' } };
    expect(told.rules[1]).toMatchObject({
      name: 'Loaded',
      firings: 1,
      firingSeconds: 8 * MINUTE,
      alerts: [
        {
          ...base,
          activeAt: START + 10 * MINUTE,
          firedAt: START + 12 * MINUTE,
          endedAt: START + 20 * MINUTE,
          lowest: '12',
        },
      ],
    });
    const wrong = await fetch(`${sidecar.url}/api/v1/backtest?start=0&expr=sum(`);
    expect(wrong.status).toBe(400);
    expect(await wrong.text()).toMatch(/could not parse expression/);
  } finally {
    await sidecar.stop();
  }
});
