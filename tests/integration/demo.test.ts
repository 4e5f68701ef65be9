/** The demo model service as its clients and a scraper see it: a real socket, a trained model. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isSurveyTime, requestsPerSecond } from '../../examples/loadDriver.ts';
import { trainModel, VERSIONS } from '../../examples/model.ts';
import { readPenguins } from '../../examples/penguins.ts';
import { createService } from '../../examples/service.ts';

const { rows, labels, species } = readPenguins();
let service: Server;
let url: string;

beforeAll(async () => {
  service = createService();
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
});
afterAll(() => {
  service.closeAllConnections();
  service.close();
});

const post = (path: string, body: unknown) =>
  fetch(url + path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
const metric = async (line: RegExp) => Number(line.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);

test('the data set has 333 penguins of three species', () => {
  expect(rows).toHaveLength(333);
  expect(species).toEqual(['Adelie', 'Chinstrap', 'Gentoo']);
});

test.each(VERSIONS)('$version of the model knows the species that it was trained on', (version) => {
  const votes = trainModel(version, { rows, labels, species }).predict(rows);
  const right = votes.filter((shares, i) => shares.indexOf(Math.max(...shares)) === labels[i]).length;
  expect(right / rows.length).toBeGreaterThan(0.95);
  for (const shares of votes) expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
});

test('a prediction is answered, and its latency counted under its version', async () => {
  const before = await metric(/model_prediction_latency_seconds_count\{model="penguin-species",version="v2"\} (\d+)/);
  const answer = await post('/predict?version=v2', { penguins: [[39.1, 18.7, 181, 3750]] });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ version: 'v2', predictions: [{ species: 'Adelie' }] });
  const after = await metric(/model_prediction_latency_seconds_count\{model="penguin-species",version="v2"\} (\d+)/);
  expect(after - (before || 0)).toBe(1);
});

test.each([
  ['what is not JSON', '/predict', '{', 400],
  ['rows of text', '/predict', { penguins: [['a', 'b', 'c', 'd']] }, 400],
  ['no rows', '/predict', { penguins: [] }, 400],
  ['an unknown version', '/predict?version=v9', { penguins: [[1, 2, 3, 4]] }, 404],
  ['an unknown route', '/train', {}, 404],
  ['a job report without an outcome', '/jobs/nightly', { durationSeconds: 1, rows: 1 }, 400],
])('%s is refused in words', async (_, path, body, status) => {
  const answer = await post(path, body);
  expect(answer.status).toBe(status);
  expect(((await answer.json()) as { error: string }).error).toMatch(
    /not JSON|send \{|no version "v9"; there are v1 and v2|try POST \/predict/,
  );
});

test('a data job reports itself, and its failure shows', async () => {
  await post('/jobs/nightly', { outcome: 'success', durationSeconds: 2.5, rows: 10 });
  const succeededAt = await metric(/data_job_last_success_timestamp_seconds\{data_job="nightly"\} (\S+)/);
  await post('/jobs/nightly', { outcome: 'failure', durationSeconds: 0.5, rows: 0 });
  expect(await metric(/data_job_last_run_success\{data_job="nightly"\} (\d)/)).toBe(0);
  expect(await metric(/data_job_last_success_timestamp_seconds\{data_job="nightly"\} (\S+)/)).toBe(succeededAt);
  expect(await metric(/data_job_runs_total\{data_job="nightly",outcome="failure"\} (\d)/)).toBe(1);
});

test('the load has a rhythm, and slow times that come and go', () => {
  const minutes = Array.from({ length: 40 }, (_, i) => i * 60_000);
  const rates = minutes.map(requestsPerSecond);
  expect(Math.max(...rates)).toBeGreaterThan(3 * Math.min(...rates));
  expect(new Set(minutes.map(isSurveyTime))).toEqual(new Set([true, false]));
});
