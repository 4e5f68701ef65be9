/** A Chromium of this machine, where there is one. */
import { spawnSync } from 'node:child_process';
import { chromium, type Browser } from 'playwright-core';

const found = ['chromium', 'chromium-browser', 'google-chrome']
  .map((name) => spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim())
  .find((file) => file !== '');

export const hasChromium = found !== undefined;

export function openChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: found, args: ['--no-sandbox'] });
}
