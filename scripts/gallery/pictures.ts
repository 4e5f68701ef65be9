/** Pictures of the gallery's scenes, taken in a Chromium. */
import { spawnSync } from 'node:child_process';
import { chromium, type Locator, type Page } from 'playwright-core';

export interface Picture {
  readonly name: string;
  readonly png: Buffer;
}

/** Those that the documentation shows, and in which theme. */
const SHOWN: readonly (readonly [id: string, theme: 'dark' | 'light'])[] = [
  ['versions', 'dark'],
  ['explain', 'dark'],
  ['difference', 'light'],
];

export interface Gesture {
  readonly id: string;
  readonly drag?: readonly [number, number, number, number];
  readonly menu?: string;
  readonly hover?: readonly [number, number];
}

function chromiumPath(): string {
  const found = ['chromium', 'chromium-browser', 'google-chrome']
    .map((name) => spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim())
    .find((file) => file !== '');
  if (found === undefined) throw new Error('pictures need a Chromium on the PATH: apt-get install chromium');
  return found;
}

/** @param all every scene in both themes; else those of the documentation. */
export async function takePictures(url: string, all: boolean): Promise<Picture[]> {
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] });
  const pictures: Picture[] = [];
  try {
    for (const theme of ['dark', 'light'] as const) {
      const page = await browser.newPage({ viewport: { width: 1240, height: 900 } });
      await page.goto(`${url}#${theme}`);
      await page.locator('figure canvas').first().waitFor();
      const gestures = await gesturesOn(page);
      for (const gesture of gestures) {
        const wanted = all || SHOWN.some(([id, mode]) => id === gesture.id && mode === theme);
        if (!wanted) continue;
        const panel = page.locator(`#${gesture.id} .panel`);
        await panel.scrollIntoViewIfNeeded();
        await play(page, panel, gesture);
        pictures.push({ name: `heatmap-${gesture.id}-${theme}.png`, png: await panel.screenshot() });
        await page.mouse.move(0, 0);
      }
      await page.close();
    }
  } finally {
    await browser.close();
  }
  return pictures;
}

/** What is to be done on each scene of the page. */
export function gesturesOn(page: Page): Promise<Gesture[]> {
  return page.evaluate(() => (globalThis as unknown as { gestures: Gesture[] }).gestures);
}

export async function play(page: Page, panel: Locator, { drag, menu, hover }: Gesture): Promise<void> {
  const map = panel.getByRole('application').first();
  if (menu !== undefined) {
    await panel.getByRole('button', { name: 'More' }).click();
    await panel.getByRole('menuitem', { name: menu }).click();
  }
  if (drag !== undefined) {
    const box = (await map.boundingBox())!;
    await page.keyboard.down('Shift');
    await page.mouse.move(box.x + drag[0] * box.width, box.y + drag[1] * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + drag[2] * box.width, box.y + drag[3] * box.height, { steps: 5 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
    await page.mouse.move(0, 0);
    await panel.getByRole('status').waitFor();
  }
  if (hover !== undefined) {
    const box = (await map.boundingBox())!;
    await page.mouse.move(box.x + hover[0] * box.width, box.y + hover[1] * box.height);
  }
}
