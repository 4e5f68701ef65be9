/** A sidecar full of what nobody should write into a label: names, values, rules, errors, pushes and saved queries that attack whoever looks at them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { quoted } from '../../src/shared/model/labels.ts';
import { api, startSidecar, until, writeConfig, type Sidecar } from './sidecar.ts';

const SCRIPT = 'window.owned=true';
/** Each attack by what it attacks with. */
export const ATTACKS = {
  markup: `"><img src=x onerror="${SCRIPT}"><script>${SCRIPT}</script><svg onload=${SCRIPT}>`,
  link: `javascript:${SCRIPT}`,
  long: `long${'0123456789'.repeat(1024)}`,
  wide: `${'wide words '.repeat(930)}end`,
  rtl: 'שלום עולם 123',
  bidi: 'a\u202egnp.exe\u2067\u2066\u200f',
  control: 'nul\0bell\x07esc\x1b[31m\r\tdel\x7fnel\x85',
  lines: 'one\ntwo\u2028three\u2029four',
  unseen: 'zero\u200bwidth\ufeff\u00ad\u{e0041}',
} as const;
const VALUES = Object.values(ATTACKS);

type Pairs = Readonly<Record<string, string>>;

const line = (name: string, labels: Pairs, value: number) =>
  `{${[quoted(name), ...Object.entries(labels).map(([label, text]) => `${quoted(label)}=${quoted(text)}`)].join(',')}} ${value}`;

/** Counts that grow with every scrape. */
function metricsPage(scrape: number): string {
  const families = [
    [
      'model_prediction_latency_seconds',
      'histogram',
      VALUES.flatMap((version) => buckets(scrape, { model: version, version })),
    ],
    [
      'http_requests',
      'counter',
      VALUES.map((value) => line('http_requests_total', { route: value, status: value }, scrape * 3)),
    ],
    ...['success', 'timestamp_seconds', 'duration_seconds'].map((part) => [
      `data_job_last_run_${part}`,
      'gauge',
      VALUES.map((data_job) =>
        line(`data_job_last_run_${part}`, { data_job }, part === 'timestamp_seconds' ? Date.now() / 1000 : 1),
      ),
    ]),
    [
      'DCGM_FI_DEV_GPU_UTIL',
      'gauge',
      VALUES.map((value) =>
        line('DCGM_FI_DEV_GPU_UTIL', { gpu: value, UUID: value, Hostname: value, modelName: value }, 50),
      ),
    ],
    ...VALUES.map((name) => [name, 'gauge', [line(name, { [name.slice(0, 300)]: name }, 1)]]),
  ] as [string, string, string[]][];
  const text = families.flatMap(([name, type, lines]) => [
    `# TYPE ${quoted(name)} ${type}`,
    `# HELP ${quoted(name)} ${quoted(ATTACKS.markup).slice(1, -1)}`,
    ...lines,
  ]);
  return `${text.join('\n')}\n# EOF\n`;
}

function buckets(scrape: number, labels: Pairs): string[] {
  const name = 'model_prediction_latency_seconds';
  const bucket = (le: string, count: number) => line(`${name}_bucket`, { ...labels, le }, count);
  const slow = bucket('+Inf', scrape * 8);
  const exemplar = ` # {${Object.entries({ trace_id: 'a\u202e"><img src=x>', note: 'n\u200b' })
    .map(([n, v]) => `${n}=${quoted(v)}`)
    .join(',')}} 0.9`;
  return [
    bucket('0.01', scrape * 5),
    bucket('0.1', scrape * 6),
    slow + exemplar,
    line(`${name}_count`, labels, scrape * 8),
    line(`${name}_sum`, labels, scrape),
  ];
}

const RULES = `groups:
  - name: ${JSON.stringify(ATTACKS.bidi + ATTACKS.control)}
    rules:
      - alert: ${JSON.stringify(ATTACKS.markup)}
        expr: ${JSON.stringify('count by (version) (model_prediction_latency_seconds_count) > 0')}
        labels: ${JSON.stringify({ markup: ATTACKS.markup, long: ATTACKS.long, rtl: ATTACKS.rtl, bidi: ATTACKS.bidi, control: ATTACKS.control })}
        annotations: ${JSON.stringify({ summary: '{{ $labels.version }}', description: `${ATTACKS.lines} ${ATTACKS.bidi} ${ATTACKS.control} ${ATTACKS.long}` })}
      - record: bad
        expr: ${JSON.stringify(`up + on() group_left() (up or label_replace(up, "x", ${JSON.stringify(ATTACKS.bidi)}, "job", ".*"))`)}
`;

export interface HostileSidecar {
  readonly sidecar: Sidecar;
  stop(): Promise<void>;
}

export async function startHostileSidecar(folder: string): Promise<HostileSidecar> {
  let scrapes = 0;
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      response
        .setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8')
        .end(metricsPage(++scrapes));
    } else response.setHeader('content-type', 'text/plain').end(`${ATTACKS.markup}\u202e\x1b${ATTACKS.long}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yml'],
    scrape_configs: [
      {
        job_name: 'model',
        static_configs: [
          {
            targets: [target],
            labels: {
              rtl: ATTACKS.rtl,
              bidi: ATTACKS.bidi,
              control: ATTACKS.control,
              markup: ATTACKS.markup,
              long: ATTACKS.long,
            },
          },
        ],
      },
      {
        job_name: `${ATTACKS.bidi}${ATTACKS.control}`,
        metrics_path: '/garbage',
        static_configs: [{ targets: [target], labels: { lines: ATTACKS.lines, unseen: ATTACKS.unseen } }],
      },
      {
        job_name: 'dropped',
        static_configs: [{ targets: [target], labels: { long: ATTACKS.long, bidi: ATTACKS.bidi } }],
        relabel_configs: [
          { target_label: 'added', replacement: `${ATTACKS.markup}${ATTACKS.bidi}` },
          { source_labels: ['long'], regex: '.+', action: 'drop' },
        ],
      },
    ],
  };
  writeConfig(folder, JSON.stringify(config));
  writeConfig(folder, RULES, 'rules.yml');
  const sidecar = await startSidecar(folder, ['--web.enable-push-receiver', '--web.enable-admin-api']);
  for (const [i, value] of VALUES.entries()) {
    const part = (text: string) => Buffer.from(text).toString('base64url');
    await said(
      fetch(`${sidecar.url}/metrics/job@base64/${part(value)}/note@base64/${part(value)}`, {
        method: 'POST',
        body: `rows_total{by=${quoted(value)}} 1\n`,
      }),
    );
    const query = `up{x=${quoted(value)}}`.slice(0, 9000);
    await said(
      fetch(`${sidecar.url}/api/v1/saved_queries/save`, {
        method: 'POST',
        body: new URLSearchParams({ name: `${i} ${value}`.slice(0, 100), query }),
      }),
    );
  }
  await until(
    async () =>
      Number(
        (await api(sidecar.url, '/query?query=max(model_prediction_latency_seconds_count)')).data?.result?.[0]
          ?.value[1],
      ) >= 64,
    60_000,
  );
  return {
    sidecar,
    stop: async () => {
      await sidecar.stop();
      server.close();
    },
  };
}

async function said(answer: Promise<Response>): Promise<void> {
  const response = await answer;
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
}
