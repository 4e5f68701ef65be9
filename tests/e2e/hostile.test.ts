/** Names, values and errors that attack whoever looks at them, on every page: nothing runs, nothing is hidden or turned, nothing breaks the page. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { tempFolder } from '../support/sidecar.ts';
import { ATTACKS, startHostileSidecar, type HostileSidecar } from '../support/hostileSidecar.ts';
import { CHROMIUM, inChromium, METRIC, ROOT, whyNot } from '../support/webuiRig.ts';

/** What a page may be as wide and as narrow as. */
const WIDTHS = [1440, 360];
/** One text of a stranger takes at most so much of a page's height, unless somebody asks for all of it. */
const TEXT_HEIGHT_MAX = 420;

const query = (expr: string, rest = '') => `/query?refresh=off&range=5m&expr=${encodeURIComponent(expr)}${rest}`;
const HEATMAP = `sum by (le, version) (rate(${METRIC}_bucket[5s]))`;
const EVERY = '{__name__!=""}';

const PAGES: Readonly<Record<string, { readonly path: string; readonly has: string }>> = {
  overview: { path: '/?refresh=off&range=5m', has: '.map canvas' },
  models: { path: '/models?refresh=off&range=5m', has: '.models tbody tr' },
  'query begin': { path: '/query', has: '.saved-item' },
  'query graph': { path: query(`${METRIC}_count`), has: '.series-list li' },
  'query graph of all': { path: query(EVERY), has: '.series-list li' },
  'query table': { path: query(EVERY, '&view=table'), has: '.table tbody tr' },
  'query heatmap': { path: query(HEATMAP), has: '.map canvas' },
  'query comparison': { path: query(HEATMAP, '&compare=first'), has: '.map canvas' },
  'query tree': {
    path: query(`up{x=${JSON.stringify(ATTACKS.bidi)},y=${JSON.stringify(ATTACKS.long)}}`, '&tree=open'),
    has: '.plan-numbers',
  },
  'query fault': { path: query(`up{x="${ATTACKS.bidi}${ATTACKS.control}"} and )`), has: '.notice-error' },
  alerts: { path: '/alerts?refresh=off', has: '.alerts tbody tr' },
  'alerts back-test': {
    path: `/alerts?refresh=off&test=${encodeURIComponent(`${ATTACKS.bidi}${ATTACKS.control};${ATTACKS.markup}`)}`,
    has: '.lane-span',
  },
  targets: { path: '/targets?refresh=off', has: '.target-error' },
  discovery: { path: '/targets?view=discovery&refresh=off', has: '.discovered li' },
  pushed: { path: '/targets?view=pushed&refresh=off', has: '.table tbody tr' },
  server: { path: '/status?refresh=off', has: '.facts' },
  store: { path: '/status?view=store&refresh=off', has: '.ranking li' },
  queries: { path: '/status?view=queries&refresh=off', has: '.queries tbody tr' },
  config: { path: '/status?view=config&refresh=off', has: '.config' },
  flags: { path: '/status?view=flags', has: '.table' },
};

/** What is wrong with a page as it is shown; words for a person who has to find it. */
function wrongs(heightMax: number): string[] {
  const found: string[] = [];
  const unseen = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
  const rightToLeft = /\p{Script=Hebrew}/u;
  const told = (text: string) => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  const place = (element: Element) => `${element.localName}.${element.getAttribute('class') ?? ''}`;
  if ('owned' in window) found.push('a script ran');
  if (document.querySelector('img, main script, main iframe, [onerror], [onload]') !== null)
    found.push('markup became an element');
  for (const link of document.querySelectorAll<HTMLAnchorElement>('a[href]')) {
    if (!/^https?:$/.test(link.protocol)) found.push(`a link to ${link.protocol}`);
  }
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) {
    const widest = [...document.querySelectorAll('main *')].filter(
      (one) => one.getBoundingClientRect().right > innerWidth + 1,
    );
    found.push(`${scrollWidth - innerWidth} px too wide: ${[...new Set(widest.slice(0, 4).map(place))].join(', ')}`);
  }
  for (const element of document.querySelectorAll('body *')) {
    for (const { name, value } of element.attributes) {
      if (['href', 'value', 'd', 'style'].includes(name)) continue;
      if (unseen.test(value)) found.push(`${place(element)} has an unseen character in ${name}: ${told(value)}`);
      if (value.length > 2000) found.push(`${place(element)} has ${value.length} characters in ${name}`);
    }
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = node.textContent ?? '';
    const parent = node.parentElement!;
    if (unseen.test(text))
      found.push(
        `${place(parent)} has an unseen character: ${told(text.slice(Math.max(0, text.search(unseen) - 20)))}`,
      );
    const { unicodeBidi } = getComputedStyle(parent);
    if (rightToLeft.test(text) && !/isolate|plaintext/.test(unicodeBidi) && parent.localName !== 'option') {
      found.push(`${place(parent)} lets ${told(text)} turn its neighbours`);
    }
    if (text.length > 500 && !parent.closest('.config')) {
      const { height } = parent.getBoundingClientRect();
      if (height > heightMax)
        found.push(`${place(parent)} is ${Math.round(height)} px high with ${text.length} characters`);
    }
  }
  return [...new Set(found)].slice(0, 12);
}

inChromium(`hostile names and values in a browser${whyNot}`, () => {
  const folder = tempFolder();
  let browser: Browser;
  let hostile: HostileSidecar;

  beforeAll(async () => {
    execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts'), 'webui'], { cwd: ROOT });
    hostile = await startHostileSidecar(folder);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await hostile?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(path: string, width = 1440): Promise<{ page: Page; faults: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('dialog', (dialog) => faults.push(`a dialog: ${dialog.message()}`));
    await page.addInitScript(() =>
      document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => {
        setTimeout(() => {
          throw new Error(`content policy: ${violatedDirective}`);
        });
      }),
    );
    await page.goto(hostile.sidecar.url + path);
    return { page, faults };
  }

  for (const [name, { path, has }] of Object.entries(PAGES)) {
    test(`${name}: everything is seen, in its place, and no more than there is room for`, async () => {
      for (const width of WIDTHS) {
        const { page, faults } = await open(path, width);
        await page.locator(has).first().waitFor();
        await page.waitForLoadState('networkidle');
        expect([width, ...(await page.evaluate(wrongs, TEXT_HEIGHT_MAX)), ...faults]).toEqual([width]);
        expect(await page.title()).toMatch(/^[A-Z][a-z]+ · Isotherm$/);
        await page.close();
      }
    }, 60_000);
  }
});
