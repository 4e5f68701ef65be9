/** The Query page of the web UI: expressions, pictures, tables and comparisons. */
import { readFileSync, rmSync } from 'node:fs';
import { api, startSidecar, tempFolder, until, writeConfig } from '../support/sidecar.ts';
import { canvasPixels, inChromium, METRIC, webuiRig, whyNot } from '../support/webuiRig.ts';

inChromium(`the Query page of the web UI${whyNot}`, () => {
  const rig = webuiRig();

  test('of a server that has just started, what there is is drawn, and when the data starts is said', async () => {
    const folder = tempFolder();
    writeConfig(
      folder,
      `global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs: [{job_name: model, static_configs: [{targets: ['127.0.0.1:${rig.model.port}']}]}]\n`,
    );
    const young = await startSidecar(folder);
    try {
      await until(async () => (await api(young.url, '/query?query=up')).data?.result?.length === 1);
      // Whole steps of an hour lie before its beginning.
      const { page, faults } = await rig.open('/query?expr=up&step=1h&range=6h', {}, young.url);
      await page.locator('.graph .u-over').waitFor();
      await page.getByText(/^The data starts at \d\d:\d\d:\d\d; what has come since is drawn\.$/).waitFor();
      expect(await page.locator('.series-list li').count()).toBe(1);
      // Late scrapes come close to each other, but never so close.
      await page.goto(`${young.url}/query?expr=rate(up[1ms])&step=1h&range=6h`);
      await page.getByText(/^No series match yet: the data starts at \d\d:\d\d:\d\d$/).waitFor();
      const again = page.waitForRequest((request) => request.url().includes('status/tsdb'));
      await again;
      expect(faults).toEqual([]);
      await page.close();
    } finally {
      await young.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('before the first scrape the page says that it waits, and not that nothing matches', async () => {
    const folder = tempFolder();
    writeConfig(folder, 'global: {scrape_interval: 1h}\nscrape_configs: []\n');
    const fresh = await startSidecar(folder);
    try {
      const { page, faults } = await rig.open('/query?expr=up', {}, fresh.url);
      await page.getByText('Nothing is stored yet: waiting for the first scrape …').waitFor();
      await page.waitForRequest((request) => request.url().includes('status/tsdb'));
      await page.goto(`${fresh.url}/query`);
      await page.locator('.examples button').first().waitFor();
      expect(await page.locator('.examples button').allInnerTexts()).toEqual(['up']);
      expect(faults).toEqual([]);
      await page.close();
    } finally {
      await fresh.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('several queries stand on one page, one of them as a tree with its figures, and one can be saved', async () => {
    const { page, faults } = await rig.open(`/query?range=5m&expr=sum(${METRIC}_count)&tree=open&expr.1=up`);
    await page.locator('.plan-numbers').nth(1).waitFor();
    expect(await page.locator('.plan-label').allInnerTexts()).toEqual(['sum', `${METRIC}_count`]);
    expect(await page.locator('.plan-numbers > :first-child').allInnerTexts()).toEqual(['1 series', '2 series']);
    expect(await page.locator('.card-result h2').allInnerTexts()).toEqual(['Result', 'Result 2']);
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.getByLabel('Name of the saved query').fill('all predictions');
    await page.keyboard.press('Enter');
    await page.getByText('Saved', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Remove query 1' }).click();
    await page.waitForURL(/expr=up$/);
    await page.locator('.card-result canvas').first().waitFor();
    const picture = page.waitForEvent('download');
    await page.getByRole('button', { name: 'PNG' }).click();
    const png = readFileSync(await (await picture).path());
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    await page.goto(`${rig.sidecar.url}/query`);
    await page.getByRole('button', { name: /^all predictions/ }).click();
    await page.waitForURL(/expr=sum/);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('an expression is completed, run with Enter, and buckets are drawn as a heatmap unasked', async () => {
    const { page, faults } = await rig.open('/query?range=5m');
    await page.locator('.promql-editor').click();
    await page.keyboard.type('sum by (le) (rate(model_pre');
    await page
      .locator('.cm-tooltip-autocomplete li', { hasText: `${METRIC}_bucket` })
      .first()
      .click();
    await page.keyboard.type('[10s]');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.heatmap-view canvas');
    expect(new URL(page.url()).searchParams.get('expr')).toBe(`sum by (le) (rate(${METRIC}_bucket[10s]))`);
    expect((await canvasPixels(page, 0)).colors).toBeGreaterThan(12);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('the field follows the address: Back brings the former expression', async () => {
    const { page } = await rig.open('/query?expr=up');
    const field = page.locator('.promql-editor .cm-content');
    await field.click();
    await page.keyboard.press('End');
    await page.keyboard.type(' == 1');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    await page.waitForURL(/expr=up\+%3D%3D\+1$/);
    expect(await field.innerText()).toBe('up == 1');
    await page.goBack();
    await page.waitForURL(/expr=up$/);
    await until(async () => (await field.innerText()) === 'up');
    await page.close();
  });

  test('a table shows values as the API writes them', async () => {
    const { page } = await rig.open('/query?view=table&expr=vector(0.1)%2B0.2');
    await page.waitForSelector('.table tbody td');
    expect(await page.locator('.table tbody td').last().innerText()).toBe('0.30000000000000004');
    await page.close();
  });

  test('a fault in an expression is shown at its place', async () => {
    const { page } = await rig.open(`/query?expr=${encodeURIComponent('sum(up) by )')}`);
    const fault = page.locator('.notice-error');
    await fault.waitFor();
    const said = await fault.innerText();
    const column = Number(/1:(\d+): parse error/.exec(said)![1]);
    expect(await fault.locator('pre').textContent()).toBe(`sum(up) by )\n${' '.repeat(column - 1)}▲`);
    await page.close();
  });

  test('a map is compared with what was before a moment, and one version with the other', async () => {
    const expr = (by: string) => encodeURIComponent(`sum by (${by}) (rate(${METRIC}_bucket[10s]))`);
    const { page, faults } = await rig.open(`/query?range=5m&step=1&refresh=off&expr=${expr('le,version')}`);
    await page.locator('.map').nth(1).waitFor();
    await page.getByLabel('What colours tell').selectOption('columnShare');
    await page.waitForURL(/color=columnShare/);
    await page.getByText('%', { exact: false }).first().waitFor();
    await page.getByLabel('Compare with').selectOption('first');
    await page.locator('.map-title', { hasText: 'against' }).waitFor();
    expect(await page.locator('.map').count()).toBe(1);
    await page
      .getByText(/\+\d.* pp/)
      .first()
      .waitFor();
    expect((await canvasPixels(page, 0)).colors).toBeGreaterThan(5);
    await page.getByLabel('Compare with').selectOption('1d');
    await page.getByText('Nothing was observed in the earlier range').waitFor();
    await page.getByLabel('Compare with').selectOption('before');
    await page.getByLabel('Moment to compare with what was before').waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });
});
