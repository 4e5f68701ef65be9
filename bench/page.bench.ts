/**
 * Reading a scraped page by comparison with the one before, against the plain cursor that reads every line in full (the tests' oracle).
 * Pages of one service, one after the other, every value moving as a service's would in a second.
 */
import { createPageReader, type PageReader } from '../src/server/textparse/pageReader.ts';
import { pageWriter } from './data/page.ts';
import { ServingService } from './data/mlServing.ts';
import { medianCpuMs } from './harness/measure.ts';
import { bench } from './harness/report.ts';

const SHAPE = { seed: 7, histograms: 44, plain: 32, intervalSeconds: 1 };
const PAGES = 40;
const PASSES = 6;
const ROUNDS = 9;
/** In a page whose series change, one line of this many is left out, another one in each page. */
const LEFT_OUT_OF = 50;

function pages(isLeftOut?: (page: number, series: number) => boolean): Uint8Array[] {
  const service = new ServingService(SHAPE);
  const write = pageWriter(service);
  return Array.from({ length: PAGES }, (_, page) => {
    service.step();
    return write(isLeftOut && ((series) => isLeftOut(page, series)));
  });
}

function readAll(reader: PageReader, bodies: readonly Uint8Array[]): number {
  let samples = 0;
  for (let pass = 0; pass < PASSES; pass++) for (const body of bodies) samples += reader.read(body, 'text').count;
  return samples;
}

const CASES: readonly [what: string, bodies: Uint8Array[]][] = [
  ['same series in every page', pages()],
  [`one line in ${LEFT_OUT_OF} comes or goes`, pages((page, series) => (page + series) % LEFT_OUT_OF === 0)],
];

await bench('page', async (add) => {
  for (const [what, bodies] of CASES) {
    const [comparing, plain] = [createPageReader(), createPageReader({ compare: false })];
    const samples = readAll(comparing, bodies);
    const { ours, theirs } = await medianCpuMs(
      { ours: () => readAll(comparing, bodies), theirs: () => readAll(plain, bodies) },
      ROUNDS,
    );
    add({
      what,
      unit: 'M samples/s',
      ours: samples / ours / 1e3,
      against: 'every line read in full',
      theirs: samples / theirs / 1e3,
      better: 'more',
    });
  }
});
