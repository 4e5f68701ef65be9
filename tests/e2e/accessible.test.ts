/** The web UI without a mouse and without eyes: axe on every page in every state that it can be brought into, and a walk through each page by keyboard. */
import { readFileSync, rmSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { startSidecar, tempFolder, writeConfig, type Sidecar } from '../support/sidecar.ts';
import { inChromium, METRIC, PAGES, webuiRig, whyNot } from '../support/webuiRig.ts';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const HEATMAP = `/query?range=5m&refresh=off&expr=${encodeURIComponent(`sum by (le, version) (rate(${METRIC}_bucket[5s]))`)}`;
const GRAPH = `/query?range=5m&refresh=off&tree=open&expr=sum(${METRIC}_count)`;
const EVERY_PAGE = ['/?range=5m&refresh=off', GRAPH, HEATMAP, ...PAGES];
/** Those that ask the server for what they show. */
const ASKING = EVERY_PAGE.filter((path) => path !== '/query' && path !== '/status?view=api');

interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe finds wrong on a page in the light, and of its colours in the dark, in words. The page stays in the state that it was brought into. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = async (rules?: readonly string[]) =>
    page.evaluate(async (only) => {
      type Run = (options: object) => Promise<{ violations: AxeViolation[] }>;
      const { axe } = window as unknown as { axe: { run: Run } };
      const told = await axe.run(only === undefined ? {} : { runOnly: [...only] });
      return told.violations.map(({ id, nodes }) =>
        `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' ')}`.slice(0, 500),
      );
    }, rules);
  const light = await found();
  await page.evaluate(() => {
    const url = new URL(location.href);
    url.searchParams.set('theme', 'dark');
    history.replaceState(null, '', url);
    dispatchEvent(new PopStateEvent('popstate'));
  });
  await page.locator('html[data-theme=dark]').waitFor();
  const dark = await found(['color-contrast', 'link-in-text-block']);
  return [...light.map((fault) => `light: ${fault}`), ...dark.map((fault) => `dark: ${fault}`)];
}

/** Things that open, fold out, float or fail, and how one gets there. */
const OPENED: Readonly<Record<string, { readonly path: string; readonly open: (page: Page) => Promise<void> }>> = {
  'the tooltip of a cell': {
    path: '/?range=5m&refresh=off',
    open: async (page) => {
      await onMap(page, (x, y) => page.mouse.move(x, y));
      await page.locator('.floating-tooltip').waitFor();
    },
  },
  'a cell that a click keeps': {
    path: '/?range=5m&refresh=off',
    open: async (page) => {
      await onMap(page, (x, y) => page.mouse.click(x, y));
      await page.getByRole('dialog', { name: 'Cell' }).waitFor();
    },
  },
  "the keyboard's cell": {
    path: HEATMAP,
    open: async (page) => {
      await page.getByRole('application').first().press('ArrowLeft');
      await page.locator('.floating-tooltip').waitFor();
    },
  },
  'the pointer on a graph': {
    path: GRAPH,
    open: async (page) => {
      await page.locator('.graph .u-over').hover();
    },
  },
  'an explanation': {
    path: '/?range=5m&refresh=off',
    open: async (page) => {
      await page.getByRole('application').first().press('ArrowLeft');
      await page.keyboard.press('Enter');
      await page.locator('.explain-headline').waitFor();
    },
  },
  'a comparison with what was before a deploy': {
    path: '/?range=5m&refresh=off&compare=before',
    open: (page) => page.getByLabel('Moment to compare with what was before').waitFor(),
  },
  'a comparison with one value of a label': {
    path: `${HEATMAP}&compare=value`,
    open: (page) => page.getByLabel('Value to compare with').waitFor(),
  },
  'the list of completions': {
    path: '/query',
    open: async (page) => {
      await page.locator('.cm-content').click();
      await page.keyboard.type('hist');
      await page.locator('.cm-tooltip-autocomplete li').first().waitFor();
    },
  },
  'a fault that the editor marks': {
    path: '/query',
    open: async (page) => {
      await page.locator('.cm-content').click();
      await page.keyboard.type('sum(up) + ) ');
      await page.keyboard.press('Escape');
      await page.locator('.cm-lintRange-error').first().hover();
      await page.locator('.cm-tooltip-lint').waitFor();
    },
  },
  'the form that saves a query': {
    path: GRAPH,
    open: async (page) => {
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByLabel('Name of the saved query').waitFor();
    },
  },
  'a second query': {
    path: GRAPH,
    open: async (page) => {
      await page.getByRole('button', { name: 'Add a query' }).click();
      await page.getByRole('button', { name: 'Remove query 2' }).waitFor();
    },
  },
  'a stacked graph': { path: `${GRAPH}&draw=stacked`, open: (page) => page.locator('.u-over').waitFor() },
  'a table': {
    path: `/query?view=table&expr=${METRIC}_bucket`,
    open: (page) => page.locator('.table tbody tr').first().waitFor(),
  },
  'an expression that cannot be read': {
    path: '/query?expr=sum(up',
    open: (page) => page.locator('.notice-error .fault').waitFor(),
  },
  'an expression that finds nothing': {
    path: '/query?expr=no_such_metric',
    open: (page) => page.locator('.notice-empty').waitFor(),
  },
  'a step that is none': {
    path: '/query?expr=up&step=much',
    open: (page) => page.locator('.notice-error').waitFor(),
  },
  'a back-test': {
    path: '/alerts?refresh=off',
    open: async (page) => {
      await page.getByRole('button', { name: 'Back-test Broken' }).click();
      await page.locator('.lane-span').first().waitFor();
    },
  },
  'a rule that is tried': {
    path: `/alerts?refresh=off&try=${encodeURIComponent('up == 0')}`,
    open: (page) => page.locator('.lane-span').first().waitFor(),
  },
  'rules that a search does not find': {
    path: '/alerts?search=nothing%20like%20this',
    open: (page) => page.getByText('No rule is like that').waitFor(),
  },
  "a target's labels rule by rule": {
    path: '/targets?refresh=off',
    open: async (page) => {
      await page
        .getByRole('button', { name: /rule by rule/ })
        .first()
        .click();
      await page.locator('.target-detail').waitFor();
    },
  },
  'targets that a search does not find': {
    path: '/targets?search=nothing%20like%20this',
    open: (page) => page.getByText('No target is like that').waitFor(),
  },
  'why a target was dropped': {
    path: '/targets?view=discovery&state=dropped&refresh=off',
    open: async (page) => {
      await page.getByRole('button', { name: /^Why\?/ }).click();
      await page.getByText('dropped here').waitFor();
    },
  },
  'series that would be deleted': {
    path: '/status?view=store&refresh=off',
    open: async (page) => {
      await page.getByLabel('Selector of the series to delete').fill('up');
      await page.getByRole('button', { name: 'Look' }).click();
      await page.getByRole('button', { name: /^Delete \d+ series/ }).waitFor();
    },
  },
  'a selector that cannot be read': {
    path: '/status?view=store&refresh=off',
    open: async (page) => {
      await page.getByLabel('Selector of the series to delete').fill('up{');
      await page.getByRole('button', { name: 'Look' }).click();
      await page.getByText(/parse error/).waitFor();
    },
  },
  'an address that is none': { path: '/nothing', open: (page) => page.getByText('There is no page').waitFor() },
};

async function onMap(page: Page, act: (x: number, y: number) => Promise<void>): Promise<void> {
  const map = page.getByRole('application').first();
  await map.waitFor();
  const { x, y, width, height } = (await map.boundingBox())!;
  await act(x + width - 40, y + height * 0.6);
}

const withTheme = (path: string, theme: string) => `${path}${path.includes('?') ? '&' : '?'}theme=${theme}`;

inChromium(`the web UI by keyboard and by ear${whyNot}`, () => {
  const rig = webuiRig();
  const folder = tempFolder();
  let lonely: Sidecar;

  beforeAll(async () => {
    writeConfig(folder, 'scrape_configs: []\n');
    lonely = await startSidecar(folder);
  });
  afterAll(async () => {
    await lonely?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** @param before is done to the page before it is loaded. */
  async function checked(
    path: string,
    reach: (page: Page) => Promise<void>,
    base = rig.sidecar.url,
    before: (page: Page) => Promise<unknown> = async () => undefined,
  ): Promise<string[]> {
    const page = await rig.browser.newPage({ viewport: { width: 1440, height: 900 }, bypassCSP: true });
    await before(page);
    await page.goto(base + withTheme(path, 'light'));
    await reach(page);
    const found = await violations(page);
    await page.close();
    return found;
  }

  const settled = async (page: Page) => {
    await page.locator('main h1').waitFor({ state: 'attached' });
    await page.waitForLoadState('networkidle');
    await page.waitForFunction(() => document.querySelector('.notice-loading, [aria-busy=true]') === null);
  };

  test.each(EVERY_PAGE)('axe finds nothing on %s', async (path) => {
    expect(await checked(path, settled)).toEqual([]);
  });

  test.each(Object.keys(OPENED))('axe finds nothing with %s', async (name) => {
    const { path, open } = OPENED[name];
    expect(await checked(path, open)).toEqual([]);
  });

  test.each(EVERY_PAGE)('axe finds nothing where there is nothing to show: %s', async (path) => {
    expect(await checked(path, settled, lonely.url)).toEqual([]);
  });

  test.each(ASKING)('axe finds nothing where the server fails: %s', async (path) => {
    const fails = (page: Page) =>
      page.route('**/api/v1/**', (route) =>
        route.fulfill({ status: 503, json: { status: 'error', errorType: 'unavailable', error: 'shutting down' } }),
      );
    const told = async (page: Page) => {
      await settled(page);
      await page.getByText('shutting down').first().waitFor();
    };
    expect(await checked(path, told, undefined, fails)).toEqual([]);
  });

  test.each(['/?range=5m', HEATMAP, '/alerts', '/status?view=store'])(
    'axe finds nothing while the server has not answered: %s',
    async (path) => {
      const hangs = (page: Page) => page.route('**/api/v1/**', () => undefined);
      const waits = (page: Page) => page.locator('.notice-loading, [aria-busy=true]').first().waitFor();
      expect(await checked(path, waits, undefined, hangs)).toEqual([]);
    },
  );

  test.each(EVERY_PAGE)('Tab reaches everything on %s, in its order, and the focus is seen', async (path) => {
    const { page } = await rig.open(path);
    await settled(page);
    const { reached, expected, unseen, offScreen } = await walked(page);
    expect({ unseen, offScreen }).toEqual({ unseen: [], offScreen: [] });
    expect(reached).toEqual(expected);
    await page.close();
  });

  test('a map is read by arrows, a cell explained by Enter, and Escape takes both away', async () => {
    const { page } = await rig.open('/?range=5m&refresh=off');
    const map = page.getByRole('application').first();
    await map.focus();
    for (const key of ['ArrowLeft', 'ArrowUp', 'ArrowRight', 'Home', 'End']) await page.keyboard.press(key);
    await page.locator('.floating-tooltip').waitFor();
    expect(await map.locator('[aria-live]').innerText()).toMatch(/\d/);
    await page.keyboard.press('Escape');
    await page.locator('.floating-tooltip').waitFor({ state: 'detached' });
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page.locator('.explain-headline').waitFor();
    await page.getByRole('button', { name: 'Close the explanation' }).focus();
    await page.keyboard.press('Escape');
    await page.locator('.explain').waitFor({ state: 'detached' });
    expect(await focusedWithin(page, '.explained')).toBe(true);
    expect(new URL(page.url()).searchParams.has('box')).toBe(false);
    await page.close();
  });

  test('names are completed by arrows and Enter, Escape closes the list, and Tab leaves the editor', async () => {
    const { page } = await rig.open('/query');
    const editor = page.locator('.cm-content');
    await editor.focus();
    await page.keyboard.type('histogram_q');
    const list = page.locator('.cm-tooltip-autocomplete');
    await list.locator('li', { hasText: 'histogram_quantiles' }).waitFor();
    await page.waitForTimeout(100); // The editor does not take a key for a choice in the first moment.
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    expect(await editor.innerText()).toMatch(/^histogram_quantile/);
    await page.keyboard.type('(hist');
    await list.waitFor();
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'detached' });
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Format');
    await page.close();
  });

  test('lists are chosen from by arrows', async () => {
    const { page } = await rig.open('/?range=5m&refresh=off');
    const list = page.getByLabel('Compare with', { exact: true });
    await list.focus();
    await page.keyboard.press('ArrowDown');
    await page.waitForURL(/compare=1h/);
    expect(await focusedWithin(page, '.map-controls')).toBe(true);
    await page.close();
  });

  test.each<[string, string, (page: Page) => Promise<void>]>([
    [
      'a condition is taken away',
      `/?range=5m&refresh=off&where=${encodeURIComponent('version="v1"')}`,
      async (page) => {
        await page.getByTitle('Take this condition away').press('Enter');
        await page.locator('.conditions').waitFor({ state: 'detached' });
      },
    ],
    [
      'a query is saved',
      GRAPH,
      async (page) => {
        await page.getByRole('button', { name: 'Save' }).press('Enter');
        await page.keyboard.type('by keyboard');
        await page.keyboard.press('Enter');
        await page.getByText('Saved', { exact: true }).waitFor();
      },
    ],
    [
      'a query is not saved after all',
      GRAPH,
      async (page) => {
        await page.getByRole('button', { name: 'Save' }).press('Enter');
        await page.keyboard.press('Escape');
        await page.getByLabel('Name of the saved query').waitFor({ state: 'detached' });
      },
    ],
    [
      'a second query is removed',
      `${GRAPH}&expr.1=up`,
      async (page) => {
        await page.getByRole('button', { name: 'Remove query 2' }).press('Enter');
        await page.getByRole('button', { name: 'Remove query 1' }).waitFor({ state: 'detached' });
      },
    ],
    [
      'a rule is not tried any more',
      '/alerts?refresh=off&try=',
      async (page) => {
        await page.getByRole('button', { name: 'Close' }).press('Enter');
        await page.getByLabel('Expression of the alert').waitFor({ state: 'detached' });
      },
    ],
    [
      'a target is scraped',
      '/targets?refresh=off',
      async (page) => {
        const answered = page.waitForResponse((response) => response.url().endsWith('/targets/scrape'));
        await page
          .getByRole('button', { name: /^Scrape now/ })
          .first()
          .press('Enter');
        await answered;
        await page.waitForLoadState('networkidle');
      },
    ],
  ])('the focus stays on the page when %s', async (_, path, act) => {
    const { page } = await rig.open(path);
    await act(page);
    await page.waitForFunction(() => document.activeElement !== document.body, undefined, { timeout: 5000 });
    expect(await focusedWithin(page, 'main')).toBe(true);
    await page.close();
  });
});

const focusedWithin = (page: Page, selector: string) =>
  page.evaluate((within) => document.activeElement?.closest(within) != null, selector);

/** More controls than this are on no page. */
const TABS_MAX = 400;

/** Tab by Tab from the top of a page to its end: what had the focus, what should have had it, and where it was not seen. */
async function walked(page: Page) {
  const reached: string[] = [];
  const [unseen, offScreen]: [string[], string[]] = [[], []];
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  for (let i = 0; i < TABS_MAX; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const one = document.activeElement as HTMLElement | null;
      if (one === null || one === document.body) return undefined;
      const name = `${one.localName} ${(one.getAttribute('aria-label') ?? one.textContent ?? '').slice(0, 40)}`;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
      const { left, right, top, bottom } = one.getBoundingClientRect();
      return {
        name,
        isSeen:
          (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1) || boxShadow !== 'none' || one.shadowRoot !== null,
        isOnScreen: right > 0 && left < innerWidth && bottom > 0 && top < innerHeight,
      };
    });
    if (at === undefined) break;
    reached.push(at.name);
    if (!at.isSeen) unseen.push(at.name);
    if (!at.isOnScreen) offScreen.push(at.name);
  }
  const expected = await page.evaluate(() => {
    const all = document.querySelectorAll<HTMLElement>(
      'a[href], button, input, select, summary, [tabindex="0"], .promql-editor',
    );
    return [...all]
      .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.matches(':disabled'))
      .map(nameOf);
    function nameOf(one: HTMLElement) {
      return `${one.localName} ${(one.getAttribute('aria-label') ?? one.textContent ?? '').slice(0, 40)}`;
    }
  });
  return { reached, expected, unseen, offScreen };
}
