export type YScaleName = 'linear' | 'log' | 'symlog';

/** A monotone map from values of the metric to pixels. */
export interface AxisScale {
  readonly name: YScaleName;
  readonly domain: readonly [number, number];
  /** Pixels; the end of the domain is nearer to 0 on a y axis. Finite for every finite value that the scale can take (log: positive ones). */
  toPixel(value: number): number;
  toValue(pixel: number): number;
}

/** Bends values so that the axis is straight in them. */
interface Bend {
  forward(value: number): number;
  back(bent: number): number;
}

const BENDS: Record<YScaleName, (knee: number) => Bend> = {
  linear: () => ({ forward: (v) => v, back: (v) => v }),
  log: () => ({ forward: Math.log, back: Math.exp }),
  // Linear up to about the knee, logarithmic beyond, on both sides of zero.
  symlog: (knee) => ({ forward: (v) => Math.asinh(v / knee), back: (v) => Math.sinh(v) * knee }),
};

/**
 * @param domain lowest and highest value, in the metric's unit; above 0 on a log scale.
 * @param pixels where they stand: for a y axis the first is the larger.
 * @param knee where a symlog scale turns from linear to logarithmic.
 */
export function axisScale(
  name: YScaleName,
  domain: readonly [number, number],
  pixels: readonly [number, number],
  knee = 1,
): AxisScale {
  const { forward, back } = BENDS[name](knee);
  const low = forward(domain[0]);
  const span = forward(domain[1]) - low;
  const length = pixels[1] - pixels[0];
  return {
    name,
    domain,
    toPixel: (value) => (span === 0 ? pixels[0] : pixels[0] + ((forward(value) - low) / span) * length),
    toValue: (pixel) => (length === 0 ? domain[0] : back(low + ((pixel - pixels[0]) / length) * span)),
  };
}
