/** The pages of the web UI as people meet them, one after the other; the Query page has a file of its own. */
import { api, until } from '../support/sidecar.ts';
import { HOSTILE, inChromium, METRIC, webuiRig, whyNot } from '../support/webuiRig.ts';

inChromium(`the pages of the web UI${whyNot}`, () => {
  const rig = webuiRig();

  test('quantiles beside the maps are those of histogram_quantile', async () => {
    const page = await rig.browser.newPage({ viewport: { width: 1440, height: 900 } });
    const asked: URL[] = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.searchParams.get('query')?.includes(`${METRIC}_bucket`)) asked.push(url);
    });
    await page.goto(`${rig.sidecar.url}/?range=5m&refresh=off`);
    await page.waitForSelector('.map canvas');
    // Maps and quantiles come in one answer.
    expect(asked.map(({ pathname }) => pathname)).toEqual(['/api/v1/distribution']);
    const url = new URL('/api/v1/query_range', asked[0]);
    for (const name of ['query', 'start', 'end', 'step']) url.searchParams.set(name, asked[0].searchParams.get(name)!);
    const expr = url.searchParams.get('query')!;
    for (const [i, q] of [0.5, 0.95, 0.99].entries()) {
      url.searchParams.set('query', `histogram_quantile(${q}, ${expr})`);
      const answer = (await (await fetch(url)).json()) as {
        data: { result: { metric: { version: string }; values: [number, string][] }[] };
      };
      for (const [at, version] of ['v1', 'v2'].entries()) {
        const { values } = answer.data.result.find(({ metric }) => metric.version === version)!;
        const expected = Number(values.filter(([, value]) => value !== 'NaN').at(-1)![1]);
        const shown = await page.locator('.map').nth(at).locator('.reading dd').nth(i).getAttribute('title');
        expect(Math.abs(parseFloat(shown!) / expected - 1)).toBeLessThan(1e-9);
      }
    }
    await page.close();
  });

  test('a drag on a map is a range in the address, and can be taken back', async () => {
    const { page } = await rig.open('/?range=5m&refresh=off');
    await page.waitForSelector('.map canvas');
    const box = (await page.locator('.map-space').first().boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/start=\d+&end=\d+/);
    await page.getByTitle('Back to the present').click();
    expect(new URL(page.url()).search).toBe('?range=5m&refresh=off');
    await page.close();
  });

  test('the overview tells of alerts that fire', async () => {
    const { page } = await rig.open('/?refresh=off');
    await page.getByRole('link', { name: 'Alerts: 1 firing' }).waitFor();
    await page.close();
  });

  test('the targets page shows the error of a broken target in full, and puts it first', async () => {
    const { data } = await api(rig.sidecar.url, '/targets');
    const { lastError } = data.activeTargets.find(({ scrapePool }: { scrapePool: string }) => scrapePool === 'broken');
    expect(lastError).not.toBe('');
    const { page, faults } = await rig.open('/targets');
    await page.waitForSelector('.target');
    expect(await page.locator('.card h2').allInnerTexts()).toEqual(['broken', 'model', 'pushgateway']);
    expect(await page.locator('.target-error').innerText()).toBe(lastError);
    // An address stands on one line where there is room.
    const cells = await page.locator('.targets td.endpoint').evaluateAll((all) => all.map((cell) => cell.clientWidth));
    expect(Math.min(...cells)).toBeGreaterThan(150);
    await page.getByRole('searchbox').fill('nothing is like this');
    await page.getByText('No target is like that').waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('the alerts page shows what fires and why a rule fails, and leads to its expression', async () => {
    await until(async () => (await api(rig.sidecar.url, '/alerts')).data.alerts.length === 1);
    const { page, faults } = await rig.open('/alerts');
    await page.getByText('broken <img src=x> does not answer').waitFor();
    expect(await page.locator('.card h2').allInnerTexts()).toEqual(['loud', 'quiet']);
    expect(await page.locator('.target-error').innerText()).toMatch(
      /many-to-many matching not allowed|duplicate series/,
    );
    await page.getByRole('button', { name: 'Recording 1' }).click();
    expect(await page.locator('.card h2').allInnerTexts()).toEqual(['quiet']);
    await page.getByRole('link', { name: 'Query sum by (job) (up)' }).click();
    await page.waitForURL(/query\?.*expr=sum/);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('a rule is back-tested on what is stored, and so is one that is not there yet', async () => {
    const { page, faults } = await rig.open('/alerts?refresh=off');
    await page.getByRole('button', { name: 'Back-test Broken' }).click();
    await page.getByText(/^It would have fired once, .* altogether, in 6h/).waitFor();
    expect(await page.locator('.lane-firing.lane-span').getAttribute('aria-label')).toMatch(
      /fired at .*, goes on; value 0$/,
    );
    await page.getByRole('button', { name: 'Back-test a rule' }).click();
    await page.getByLabel('Expression of the alert').fill('up{job="model"} == 0');
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.getByText(/^It would not have fired in 6h/).waitFor();
    await page.getByLabel('Expression of the alert').fill('up ==');
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.locator('.backtest .notice-error').waitFor();
    // The browser tells of answers that refuse.
    expect(faults.filter((fault) => !/status of 400/.test(fault))).toEqual([]);
    await page.close();
  });

  test('a link from an alert leads to its expression', async () => {
    const { page } = await rig.open('/graph?g0.expr=up%20%3E%200&g0.tab=1');
    await page.locator('.cm-content', { hasText: 'up > 0' }).waitFor();
    await page.locator('table').waitFor();
    await page.close();
  });

  test('the status page shows configuration, flags and the store', async () => {
    const { page, faults } = await rig.open('/status');
    await page.getByText('Keeps samples for').waitFor();
    await page.getByRole('link', { name: 'Configuration' }).click();
    await page.locator('.code-block', { hasText: 'job_name: broken' }).waitFor();
    await page.getByRole('link', { name: 'Flags' }).click();
    await page.getByText('--storage.tsdb.path', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Store' }).click();
    await page.locator('.ranking li').first().waitFor();
    await page.getByText('No block yet').waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('the models board has a row for each model and version, with its figures', async () => {
    const { page, faults } = await rig.open('/models?range=5m');
    await page.locator('.models tbody tr').nth(1).waitFor();
    const rows = await page.locator('.model-title').allTextContents();
    expect(rows.sort()).toEqual([`${HOSTILE} · v1`, `${HOSTILE} · v2`]);
    expect(await page.locator('.models thead th').allInnerTexts()).toEqual(['Model', 'Requests', 'p50', 'p99']);
    expect(await page.locator('.measure-value').first().innerText()).toMatch(/\d.*\/s$/);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('a target is scraped when one presses the button, and shows what its labels were made of', async () => {
    const { page, faults } = await rig.open('/targets?refresh=off');
    const row = page.locator('.target', { hasText: `:${rig.model.port}` });
    const asked = page.waitForResponse((response) => response.url().endsWith('/targets/scrape'));
    await row.getByRole('button', { name: /^Scrape now: http/ }).click();
    expect((await asked).status()).toBe(200);
    await row.getByRole('button', { name: /rule by rule/ }).click();
    await row.getByText('The job has no relabel_configs.').waitFor();
    await row.getByText('__metrics_path__=').waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('discovery says which rule dropped a target', async () => {
    const { page, faults } = await rig.open('/targets?view=discovery');
    await page.getByRole('button', { name: 'Dropped 1' }).click();
    await page.getByRole('button', { name: /^Why\? 127/ }).click();
    await page.getByText('dropped here').waitFor();
    await page.getByText('drop where job matching gone').waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('pushed metrics are listed, and a group is deleted', async () => {
    const body = 'rows_total 42\n';
    expect((await fetch(`${rig.sidecar.url}/metrics/job/nightly/part/a%2Fb`, { method: 'POST', body })).status).toBe(
      200,
    );
    const { page, faults } = await rig.open('/targets?view=pushed');
    await page.locator('td', { hasText: 'rows_total' }).waitFor();
    await page.getByRole('button', { name: 'Delete group nightly' }).click();
    await page.getByText('Nothing was pushed yet').waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('a running query is cancelled from the page', async () => {
    // Long by computation alone: it reads nothing, and holds few samples at a time.
    const slow = 'max_over_time(quantile_over_time(0.9, vector(time())[1m:1ms])[1h:100ms])';
    const asked = fetch(`${rig.sidecar.url}/api/v1/query?query=${encodeURIComponent(slow)}`).then((answer) =>
      answer.json(),
    );
    const { page } = await rig.open('/status?view=queries&refresh=5s');
    await page.getByRole('button', { name: `Cancel ${slow}` }).click();
    expect(await asked).toMatchObject({ status: 'error', errorType: 'canceled' });
    await page.getByText('No query is running').waitFor();
    await page.locator('.query-fault').first().waitFor();
    await page.close();
  });

  test('series are seen before they are deleted', async () => {
    const { page, faults } = await rig.open('/status?view=store&refresh=off');
    await page.getByLabel('Selector of the series to delete').fill('scrape_series_added{job="broken"}');
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByRole('button', { name: 'Delete 1 series' }).click();
    await page.getByText(/^Deleted 1 series/).waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });
});
