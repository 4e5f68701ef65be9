import { parseConfig } from '../../src/server/config/load.ts';
import { fakeServer } from '../support/fakeRooms.ts';

const CONFIG = `
scrape_configs:
  - job_name: a
    relabel_configs:
      - {source_labels: [__address__, zone], regex: '(.+):\\d+;(.*)', target_label: host, replacement: '$1.$2'}
      - {action: drop, source_labels: [zone], regex: gone}
      - {action: labeldrop, regex: zone}
`;
const [job] = parseConfig(CONFIG, { dir: '/', path: 'test.yml' }).scrapeConfigs;
const { server, fake } = fakeServer();
fake.relabel = job.relabel;

async function get(params: Record<string, string>) {
  const answer = await server.inject({
    method: 'GET',
    url: `/api/v1/targets/relabel_steps?${new URLSearchParams(params)}`,
  });
  return { status: answer.statusCode, body: answer.json() as Record<string, unknown> };
}
const labels = (zone: string) => JSON.stringify({ __address__: 'h:80', zone });

test('each rule is shown with what it leaves', async () => {
  const { status, body } = await get({ scrapePool: 'a', labels: labels('eu') });
  expect(status).toBe(200);
  expect(body.data).toEqual({
    steps: [
      {
        rule: {
          source_labels: ['__address__', 'zone'],
          separator: ';',
          regex: '(.+):\\d+;(.*)',
          target_label: 'host',
          replacement: '$1.$2',
          action: 'replace',
        },
        output: { __address__: 'h:80', host: 'h.eu', zone: 'eu' },
        keep: true,
      },
      {
        rule: { source_labels: ['zone'], separator: ';', regex: 'gone', replacement: '$1', action: 'drop' },
        output: { __address__: 'h:80', host: 'h.eu', zone: 'eu' },
        keep: true,
      },
      {
        rule: { separator: ';', regex: 'zone', replacement: '$1', action: 'labeldrop' },
        output: { __address__: 'h:80', host: 'h.eu' },
        keep: true,
      },
    ],
  });
});

test('after the rule that drops a target there is nothing', async () => {
  const { body } = await get({ scrapePool: 'a', labels: labels('gone') });
  const { steps } = body.data as { steps: { output: unknown; keep: boolean }[] };
  expect(steps.map(({ output, keep }) => [output, keep])).toEqual([
    [{ __address__: 'h:80', host: 'h.gone', zone: 'gone' }, true],
    [{}, false],
    [{}, false],
  ]);
});

test.each([
  [{}, /no scrapePool parameter/],
  [{ scrapePool: 'a' }, /no labels parameter/],
  [{ scrapePool: 'a', labels: '{' }, /error parsing labels/],
  [{ scrapePool: 'a', labels: '{"a":1}' }, /expected a JSON object of texts/],
  [{ scrapePool: 'x', labels: '{}' }, /no scrape pool "x"/],
])('%j is refused', async (params, why) => {
  const { status, body } = await get(params);
  expect([status, body.errorType]).toEqual([400, 'bad_data']);
  expect(body.error).toMatch(why);
});
