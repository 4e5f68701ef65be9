/** The real program with a small heap: huge queries and answers are its own trouble, and nobody else's. */
import http from 'node:http';
import fs from 'node:fs';
import { openTsdb } from '../../src/server/tsdb/db.ts';
import { labelsOf } from '../../src/shared/model/labels.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const HEAP_MB = 96;
const WORKERS = 2;
const SERIES = 300;
const ROWS = 200;
const STEP_MS = 15_000;
const START = Math.floor(Date.now() / STEP_MS) * STEP_MS - 3_600_000;
const END = START + ROWS * STEP_MS;
/** Minutes of sorting. */
const ENDLESS = 'sum_over_time(quantile_over_time(0.5, x[40m:1s])[40m:1s])';
/** Too much work for the thread that is asked. */
const LARGE = `sum(quantile_over_time(0.5, x[5m]))`;

const folder = tempFolder();
let sidecar: Sidecar;

beforeAll(async () => {
  const db = await openTsdb({ path: `${folder}/data` });
  for (let i = 0; i < ROWS; i++) {
    const appender = db.appender();
    for (let s = 0; s < SERIES; s++) {
      const labels = labelsOf({ __name__: 'x', series: String(s) });
      appender.append(labels, START + i * STEP_MS, ((s * 7 + i * 3) % 97) / 7);
    }
    await appender.commit();
  }
  await db.close();
  writeConfig(folder, 'global: {}\n');
  const env = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` };
  sidecar = await startSidecar(folder, [`--workers=${WORKERS}`, '--query.timeout=10m'], env);
});
afterAll(async () => {
  expect(sidecar.process.exitCode).toBeNull();
  await sidecar.stop();
  fs.rmSync(folder, { recursive: true });
});

const instantPath = (expr: string) => `/query?${new URLSearchParams({ query: expr, time: String(END / 1000) })}`;
const rangePath = (expr: string, seconds: number) => {
  const grid = { start: String(START / 1000), end: String(END / 1000), step: String(seconds) };
  return `/query_range?${new URLSearchParams({ query: expr, nocache: '1', ...grid })}`;
};
const instant = (expr: string) => api(sidecar.url, instantPath(expr));
const running = async (): Promise<readonly { readonly query: string }[]> =>
  (await api(sidecar.url, '/status/queries')).data.active;
const isRunning = async (expr: string) => (await running()).some(({ query }) => query === expr);

/** Asks, and hangs up when told to. */
function ask(expr: string): { hangUp(): void; isOver(): boolean } {
  const gone = new AbortController();
  let isOver = false;
  void fetch(`${sidecar.url}/api/v1${instantPath(expr)}`, { signal: gone.signal })
    .catch(() => undefined)
    .then(() => (isOver = true));
  return { hangUp: () => gone.abort(), isOver: () => isOver };
}

const residentMb = () => {
  const status = fs.readFileSync(`/proc/${sidecar.process.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
};

/** Of all threads, since the start. */
const cpuMs = () => {
  const stat = fs.readFileSync(`/proc/${sidecar.process.pid}/stat`, 'utf8');
  const [utime, stime] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return 10 * (Number(utime) + Number(stime));
};

test('more endless queries than there are threads let small and large ones through', async () => {
  const endless = Array.from({ length: WORKERS + 1 }, () => ask(ENDLESS));
  await until(async () => (await running()).length === endless.length);
  for (let i = 0; i < 20; i++) expect((await instant('count(x)')).data.result[0].value[1]).toBe(String(SERIES));
  const { data } = await api(sidecar.url, rangePath(LARGE, 1));
  expect(data.result[0].values.length).toBeGreaterThan(2_000);
  expect(endless.some(({ isOver }) => isOver())).toBe(false);
  for (const one of endless) one.hangUp();
  await until(async () => (await running()).length === 0);
}, 120_000);

test('who closes the connection cancels the query', async () => {
  const endless = ask(ENDLESS);
  await until(() => isRunning(ENDLESS));
  endless.hangUp();
  // Its own end is minutes away.
  await until(async () => !(await isRunning(ENDLESS)));
  await until(async () => {
    const spent = cpuMs();
    await new Promise((resolve) => setTimeout(resolve, 300));
    return cpuMs() - spent < 150;
  });
});

test('an answer of 100 MB is sent through a heap of less, as quickly as it is taken', async () => {
  const before = residentMb();
  let most = 0;
  let size = 0;
  let tail = '';
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get(`${sidecar.url}/api/v1${rangePath('x + 0.123456789', 0.3)}`, resolve).once('error', reject);
  });
  // A reader who stops for a while: nobody writes ahead of them.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  most = residentMb();
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    tail = (tail + chunk.toString('latin1')).slice(-10);
    if (size % 50 === 0) most = Math.max(most, residentMb());
  }
  expect(tail).toMatch(/"\]\]\}\]\}\}$/);
  expect(size).toBeGreaterThan(100_000_000);
  // What is computed is 8 bytes a sample; the text of it, 33 each, would be 100 MB more.
  expect(most - before).toBeLessThan(80);
}, 120_000);

/** An expression in itself, many times. */
const nested = (times: number, inner: string, around: (inner: string) => string): string =>
  times === 0 ? inner : nested(times - 1, around(inner), around);

test.each([
  [
    'labels twice as long with each call',
    nested(40, 'label_replace(x, "a", "aaaaaaaa", "", "")', (e) => `label_replace(${e}, "a", "$1$1", "a", "(.*)")`),
  ],
  [
    'labels joined with themselves',
    nested(40, 'label_join(x, "a", "-", "series")', (e) => `label_join(${e}, "a", "-", "a", "a")`),
  ],
  ['long labels of many series', `label_replace(x, "a", "${'a'.repeat(200_000)}", "", "")`],
])('%s are refused, in words, and others are answered', async (_, expr) => {
  const body = new URLSearchParams({ query: expr, time: String(END / 1000) });
  const response = await fetch(`${sidecar.url}/api/v1/query`, { method: 'POST', body });
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({
    errorType: 'execution',
    error: expect.stringMatching(/characters.*; make/),
  });
  expect((await instant('count(x)')).status).toBe('success');
});

test.each([
  ['parentheses', (n: number) => '('.repeat(n) + 'x' + ')'.repeat(n)],
  ['signs', (n: number) => '-'.repeat(n) + 'x'],
  ['operators', (n: number) => Array(n).fill('x').join('+')],
])('%s of any depth end nobody', async (_, text) => {
  const body = new URLSearchParams({ query: text(100_000), time: String(END / 1000) });
  const response = await fetch(`${sidecar.url}/api/v1/query`, { method: 'POST', body });
  expect([200, 400, 422]).toContain(response.status);
  expect((await instant('count(x)')).status).toBe('success');
});
