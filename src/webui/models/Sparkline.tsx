import React from 'react';

const WIDTH = 96;
const HEIGHT = 22;

/** A small line without axes; what it says is said by the number beside it. */
export function Sparkline({ values, top }: { values: Float64Array; top: number }) {
  const parts: string[] = [];
  let isDown = false;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      isDown = false;
      continue;
    }
    const x = values.length < 2 ? WIDTH : (i * WIDTH) / (values.length - 1);
    const y = HEIGHT - 1.5 - (Math.max(0, values[i]) / (top || 1)) * (HEIGHT - 3);
    parts.push(`${isDown ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`);
    isDown = true;
  }
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path d={parts.join('')} />
    </svg>
  );
}
