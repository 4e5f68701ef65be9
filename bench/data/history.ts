/** Some hours of several services, row by row: into our store, into the text that peers import. */
import fs from 'node:fs';
import { labelsFrom, type Labels } from '../../src/shared/model/labels.ts';
import type { Storage } from '../../src/server/storage/appender.ts';
import { ServingService } from './mlServing.ts';
import { seriesText } from './page.ts';

/** Midnight, so that blocks of two hours begin where the samples do. */
export const START = Date.UTC(2026, 0, 1);
export const JOB = 'serving';
const WRITE_BYTES = 1 << 20;

export interface HistoryShape {
  readonly services: number;
  readonly histograms: number;
  readonly plain: number;
  readonly rows: number;
  readonly intervalMs: number;
}

export interface HistoryTarget {
  readonly instance: string;
  readonly labels: readonly Labels[];
  /** Row-major: rows × series. */
  readonly values: Float64Array;
}

export interface History {
  readonly shape: HistoryShape;
  readonly targets: readonly HistoryTarget[];
  readonly samples: number;
  /** Of the last row, milliseconds. */
  readonly end: number;
}

export function makeHistory(shape: HistoryShape): History {
  const targets = Array.from({ length: shape.services }, (_, index) => targetHistory(shape, index));
  const samples = targets.reduce((sum, { values }) => sum + values.length, 0);
  return { shape, targets, samples, end: timeOf(shape, shape.rows - 1) };
}

function targetHistory({ histograms, plain, rows, intervalMs }: HistoryShape, index: number): HistoryTarget {
  const service = new ServingService({ seed: index + 1, histograms, plain, intervalSeconds: intervalMs / 1000 });
  const instance = `10.0.0.${index}:8000`;
  const width = service.labels.length;
  const values = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    service.step();
    values.set(service.values, row * width);
  }
  const own = [['instance', instance] as const, ['job', JOB] as const];
  return { instance, labels: service.labels.map((labels) => labelsFrom([...labels, ...own])), values };
}

export function timeOf({ intervalMs }: HistoryShape, row: number): number {
  return START + row * intervalMs;
}

/** Appends rows [from, to) of all targets, a commit for each row of a target, as scraping does. */
export async function appendHistory({ shape, targets }: History, storage: Storage, from: number, to: number): Promise<void> {
  const appender = storage.appender();
  const groups = targets.map(({ instance, labels }) => {
    const group = storage.group(instance);
    labels.forEach((series) => group.column(series));
    return group;
  });
  for (let row = from; row < to; row++) {
    for (let i = 0; i < targets.length; i++) {
      const { labels, values } = targets[i];
      const cells = values.subarray(row * labels.length, (row + 1) * labels.length);
      const outcome = appender.appendRow(groups[i], timeOf(shape, row), cells);
      if (outcome !== 'ok') throw new Error(`row ${row} of ${targets[i].instance} was refused: ${outcome}`);
      await appender.commit();
    }
  }
}

/** All samples as text, the newest last: a piece at a time, with times in milliseconds, or in seconds as OpenMetrics has them. */
export function* pagesOf({ shape, targets }: History, inSeconds = false): Iterable<string> {
  const texts = targets.map(({ labels }) => labels.map(seriesText));
  let text = '';
  for (let row = 0; row < shape.rows; row++) {
    const t = timeOf(shape, row) / (inSeconds ? 1000 : 1);
    targets.forEach(({ labels, values }, i) => {
      for (let c = 0, at = row * labels.length; c < labels.length; c++, at++) text += `${texts[i][c]} ${values[at]} ${t}\n`;
    });
    if (text.length < WRITE_BYTES && row < shape.rows - 1) continue;
    yield text;
    text = '';
  }
}

/** Writes all samples as OpenMetrics, the newest last. */
export function writeOpenMetrics(history: History, file: string): void {
  const fd = fs.openSync(file, 'w');
  try {
    for (const page of pagesOf(history, true)) fs.writeSync(fd, page);
    fs.writeSync(fd, '# EOF\n');
  } finally {
    fs.closeSync(fd);
  }
}
