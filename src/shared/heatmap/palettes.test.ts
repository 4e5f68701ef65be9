import fc from 'fast-check';
import { COLOR_SCALES, colorScaleOf, type ColorScaleName } from './colorScale.ts';
import { colorRamp, contrast, PALETTES, parseHex, RAMP_SIZE, toOklab, type PaletteName } from './palettes.ts';

const names = Object.keys(PALETTES) as PaletteName[];
/** Grafana's and our own panel grounds. */
const GROUNDS = {
  dark: ['#14161a', '#111217', '#181b1f', '#0b0c0e'],
  light: ['#ffffff', '#f4f5f5', '#f7f7f7'],
} as const;

const colour = (ramp: Uint8ClampedArray, i: number): number[] =>
  [...ramp.subarray(i * 4, i * 4 + 3)].map((c) => c / 255);

for (const name of names) {
  for (const mode of ['dark', 'light'] as const) {
    test(`${name}, ${mode}: every colour of the ramp stands out from the ground at least 3:1`, () => {
      const ramp = colorRamp(name, mode);
      for (const ground of GROUNDS[mode]) {
        for (let i = 0; i < RAMP_SIZE; i++) {
          expect(contrast(colour(ramp, i), parseHex(ground))).toBeGreaterThanOrEqual(3);
        }
      }
    });

    test(`${name}, ${mode}: lightness goes one way, away from the ground`, () => {
      const ramp = colorRamp(name, mode);
      const away = mode === 'dark' ? 1 : -1;
      const lightness = Array.from({ length: RAMP_SIZE }, (_, i) => toOklab(colour(ramp, i))[0] * away);
      for (let i = 8; i < RAMP_SIZE; i += 8) expect(lightness[i]).toBeGreaterThan(lightness[i - 8]);
    });
  }
}

/** One observation among a million, at the top of the scale or not, on every scale. */
for (const name of Object.keys(COLOR_SCALES) as ColorScaleName[]) {
  test(`${name}: places are in [0, 1], ascending with the count`, () => {
    const count = fc.double({ min: 1e-9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(count, { minLength: 1, maxLength: 50 }),
        fc.option(count, { nil: undefined }),
        (counts, max) => {
          const scale = colorScaleOf(name, Float64Array.from(counts), max);
          const places = [...counts].sort((a, b) => a - b).map((c) => scale.place(c));
          places.forEach((place, i) => {
            expect(place).toBeGreaterThanOrEqual(i === 0 ? 0 : places[i - 1]);
            expect(place).toBeLessThanOrEqual(1);
          });
          expect(scale.place(scale.max)).toBe(1);
        },
      ),
    );
  });

  test(`${name}: nothing observed has no scale, and asking it does no harm`, () => {
    const scale = colorScaleOf(name, Float64Array.of(0, NaN, 0));
    expect([scale.max, scale.place(1), scale.countAt(0.5)]).toEqual([0, 0, 0]);
  });
}

test('countAt undoes place on the scales that are formulas', () => {
  const counts = Float64Array.of(1, 10, 400);
  for (const name of ['linear', 'sqrt', 'log'] as const) {
    const scale = colorScaleOf(name, counts);
    for (const count of counts) expect(scale.countAt(scale.place(count))).toBeCloseTo(count, 9);
  }
});
