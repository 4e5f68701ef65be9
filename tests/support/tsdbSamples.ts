/** What the store's own tests share. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { formatLabels } from '../../src/shared/model/labels.ts';
import { bitsOf, CELL_GAP, CELL_STALE, cellKind } from '../../src/shared/model/sampleBits.ts';
import type { GroupColumns, Queryable, SelectSpec } from '../../src/server/storage/queryable.ts';

export const ALL_TIME = { minTime: -(2 ** 50), maxTime: 2 ** 50 };

export function makeFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'isotherm-tsdb-'));
}

/** A copy of an open store's folder: what a process that is killed now would leave. */
export function copyAsKilled(folder: string): string {
  const copy = makeFolder();
  fs.cpSync(folder, copy, { recursive: true, filter: (file) => path.basename(file) !== 'lock' });
  return copy;
}

/** A sample as text: its bits, or the mark it carries, or the native histogram behind it. */
export type SampleText = string;

/** Series → time → sample, merged over groups as a reader does: the earlier group stands. */
export function samplesOf(groups: readonly GroupColumns[]): Record<string, Record<number, SampleText>> {
  const all: Record<string, Record<number, SampleText>> = {};
  for (const { times, columns } of groups) {
    for (const { labels, values, histograms } of columns) {
      const samples = (all[formatLabels(labels)] ??= {});
      const bits = bitsOf(values);
      for (let i = 0; i < times.length; i++) {
        const kind = cellKind(bits, i);
        if (kind === CELL_GAP || samples[times[i]] !== undefined) continue;
        samples[times[i]] = sampleText(kind === CELL_STALE, bits[2 * i], bits[2 * i + 1], histograms?.get(i)?.count);
      }
    }
  }
  return all;
}

export function sampleText(stale: boolean, low: number, high: number, histogramCount?: number): SampleText {
  if (histogramCount !== undefined) return `histogram of ${histogramCount}`;
  return stale ? 'stale' : new Float64Array(Uint32Array.of(low, high).buffer)[0] + `/${high.toString(16)}${low}`;
}

export function textOf(v: number): SampleText {
  const bits = bitsOf(Float64Array.of(v));
  return sampleText(false, bits[0], bits[1]);
}

export async function readAll(db: Queryable, spec: Partial<SelectSpec> = {}): Promise<ReturnType<typeof samplesOf>> {
  return samplesOf(await db.select({ matchers: [], ...ALL_TIME, ...spec }));
}
