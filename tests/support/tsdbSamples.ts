/** What the store's own tests share. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { formatLabels } from '../../src/shared/model/labels.ts';
import { bitsOf, CELL_GAP, CELL_STALE, cellKind } from '../../src/shared/model/sampleBits.ts';
import type { GroupColumns, Queryable, SelectSpec } from '../../src/server/storage/queryable.ts';

export const ALL_TIME = { minTime: -(2 ** 50), maxTime: 2 ** 50 };

export function makeFolder(parent = os.tmpdir()): string {
  return fs.mkdtempSync(path.join(parent, 'isotherm-tsdb-'));
}

const VALUE = new Float64Array(1);
const WORDS = bitsOf(VALUE);

/** A copy of an open store's folder, beside it: what a process that is killed now would leave. */
export function copyAsKilled(folder: string): string {
  const copy = makeFolder(path.dirname(folder));
  fs.cpSync(folder, copy, { recursive: true });
  fs.rmSync(path.join(copy, 'lock'), { force: true });
  return copy;
}

/** A sample as text: its bits, or the mark it carries, or the native histogram behind it. */
export type SampleText = string;

/** Series → time → sample. */
export type SampleMaps = ReadonlyMap<string, ReadonlyMap<number, SampleText>>;

/** Merged over groups as a reader does: the earlier group stands. */
export function sampleMapsOf(groups: readonly GroupColumns[]): SampleMaps {
  const all = new Map<string, Map<number, SampleText>>();
  for (const { times, columns } of groups) {
    for (const { labels, values, histograms } of columns) {
      const name = formatLabels(labels);
      const samples = all.get(name) ?? new Map<number, SampleText>();
      all.set(name, samples);
      const bits = bitsOf(values);
      for (let i = 0; i < times.length; i++) {
        const kind = cellKind(bits, i);
        if (kind === CELL_GAP || samples.has(times[i])) continue;
        const count = histograms?.get(i)?.count;
        samples.set(times[i], sampleText(kind === CELL_STALE, bits[2 * i], bits[2 * i + 1], count));
      }
    }
  }
  return all;
}

export function samplesOf(groups: readonly GroupColumns[]): Record<string, Record<number, SampleText>> {
  const all = [...sampleMapsOf(groups)];
  return Object.fromEntries(all.map(([name, samples]) => [name, Object.fromEntries(samples)]));
}

export function sampleText(stale: boolean, low: number, high: number, histogramCount?: number): SampleText {
  if (histogramCount !== undefined) return `histogram of ${histogramCount}`;
  if (stale) return 'stale';
  WORDS[0] = low;
  WORDS[1] = high;
  return `${VALUE[0]}/${high.toString(16)}${low}`;
}

export function textOf(v: number): SampleText {
  VALUE[0] = v;
  return sampleText(false, WORDS[0], WORDS[1]);
}

export async function readAll(db: Queryable, spec: Partial<SelectSpec> = {}): Promise<ReturnType<typeof samplesOf>> {
  return samplesOf(await db.select({ matchers: [], ...ALL_TIME, ...spec }));
}
