/** A Chromium of this machine, where there is one. */
import { spawnSync } from 'node:child_process';
import { chromium, type Browser } from 'playwright-core';
import { PNG } from 'pngjs';

const found = ['chromium', 'chromium-browser', 'google-chrome']
  .map((name) => spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim())
  .find((file) => file !== '');

export const hasChromium = found !== undefined;

export function openChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: found, args: ['--no-sandbox'] });
}

/** How many different colours a picture has, and how many pixels are neither of the two commonest (ground and grid). */
export function coloursOf(png: Buffer): { distinct: number; painted: number } {
  const { data } = PNG.sync.read(png);
  const counts = new Map<number, number>();
  for (let i = 0; i < data.length; i += 4) {
    const colour = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const common = [...counts.values()].sort((a, b) => b - a);
  return { distinct: counts.size, painted: data.length / 4 - (common[0] ?? 0) - (common[1] ?? 0) };
}
