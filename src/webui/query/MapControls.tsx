import React from 'react';
import {
  COLOR_BY_TEXTS,
  COMPARISON_TEXTS,
  comparisonOf,
  lookOf,
  momentOf,
  PLAIN_LOOK,
  SCALE_TEXTS,
  type Comparison,
} from '../charts/mapLook.ts';
import { setParams } from '../location.ts';
import { Select } from '../parts/Choice.tsx';

interface MapControlsProps {
  readonly params: URLSearchParams;
  /** How many maps there are to compare. */
  readonly count: number;
  /** Milliseconds that the maps show. */
  readonly range: readonly [start: number, end: number];
}

const optionsOf = <V extends string>(texts: Readonly<Record<V, string>>) =>
  (Object.keys(texts) as V[]).map((value) => ({ value, text: texts[value] }));

/** What colours tell, and what the maps are compared with. */
export function MapControls({ params, count, range }: MapControlsProps) {
  const { colorBy, colorScale } = lookOf(params);
  const comparison = comparisonOf(params);
  const comparisons = optionsOf(COMPARISON_TEXTS).filter(
    ({ value }) => value !== 'first' || count > 1 || comparison === 'first',
  );
  const compare = (value: Comparison) =>
    setParams({ compare: value === 'none' ? undefined : value, moment: undefined }, 'push');
  return (
    <div className="map-controls">
      <label>
        <span className="dim">Compare with</span>
        <Select label="Compare with" value={comparison} options={comparisons} onChange={compare} />
      </label>
      {comparison === 'before' && <MomentField moment={momentOf(params, range)} range={range} />}
      {comparison === 'none' && (
        <label>
          <span className="dim">Colour</span>
          <Select
            label="What colours tell"
            value={colorBy}
            options={optionsOf(COLOR_BY_TEXTS)}
            onChange={(value) => setParams({ color: value === PLAIN_LOOK.colorBy ? undefined : value })}
          />
        </label>
      )}
      <Select
        label="Scale of the colours"
        value={colorScale}
        options={optionsOf(SCALE_TEXTS).filter(
          ({ value }) => comparison === 'none' || value === 'sqrt' || value === 'linear',
        )}
        onChange={(value) => setParams({ scale: value === PLAIN_LOOK.colorScale ? undefined : value })}
      />
    </div>
  );
}

/** A deploy, say: what each column is compared with was before it. */
function MomentField({ moment, range: [start, end] }: { moment: number; range: MapControlsProps['range'] }) {
  return (
    <input
      className="input"
      type="datetime-local"
      aria-label="Moment to compare with what was before"
      step={1}
      min={localText(start)}
      max={localText(end)}
      value={localText(moment)}
      onChange={({ target }) => {
        const at = new Date(target.value).getTime();
        if (at > start && at < end) setParams({ moment: String(at) });
      }}
    />
  );
}

/** As the field has it: local time, whole seconds. */
function localText(ms: number): string {
  const offset = new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offset).toISOString().slice(0, 19);
}
