/**
 * The demo's data: 333 penguins measured on three islands by Palmer Station (Gorman, Williams and Fraser, 2014), in the public domain (CC0).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const FEATURES = ['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g'] as const;

export interface Penguins {
  /** Measurements in the order of FEATURES: mm, mm, mm, g. */
  readonly rows: readonly (readonly number[])[];
  /** Index into `species`, one a row. */
  readonly labels: readonly number[];
  readonly species: readonly string[];
}

export function readPenguins(): Penguins {
  const [header, ...lines] = readFileSync(join(import.meta.dirname, 'penguins.csv'), 'utf8')
    .trim()
    .split('\n');
  const columns = header.split(',');
  const at = FEATURES.map((feature) => columns.indexOf(feature));
  const cells = lines.map((line) => line.split(','));
  const species = [...new Set(cells.map((row) => row[0]))].sort();
  return {
    rows: cells.map((row) => at.map((column) => Number(row[column]))),
    labels: cells.map((row) => species.indexOf(row[0])),
    species,
  };
}

/** A small generator with a seed, so that a demo run can be repeated. Uniform in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal, by Box and Muller. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
