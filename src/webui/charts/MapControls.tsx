import React from 'react';
import {
  againstText,
  COLOR_BY_TEXTS,
  COMPARISON_TEXTS,
  comparisonOf,
  lookOf,
  PLAIN_LOOK,
  SCALE_TEXTS,
  type Comparison,
} from './mapLook.ts';
import { pairText } from '../../shared/explain/words.ts';
import { setParams } from '../location.ts';
import { Select } from '../parts/Choice.tsx';
import { formatDayClock } from '../text.ts';
import type { ComparisonChoices } from './useCompared.ts';

interface MapControlsProps {
  readonly params: URLSearchParams;
  readonly choices: ComparisonChoices;
}

const optionsOf = <V extends string>(texts: Readonly<Record<V, string>>) =>
  (Object.keys(texts) as V[]).map((value) => ({ value, text: texts[value] }));

/** What colours tell, and what the maps are compared with. */
export function MapControls({ params, choices }: MapControlsProps) {
  const { colorBy, colorScale } = lookOf(params);
  const comparison = comparisonOf(params);
  const comparisons = optionsOf(COMPARISON_TEXTS).filter(
    ({ value }) => value !== 'first' || choices.count > 1 || comparison === 'first',
  );
  const compare = (value: Comparison) =>
    setParams({ compare: value === 'none' ? undefined : value, moment: undefined, against: undefined }, 'push');
  return (
    <div className="map-controls">
      <label>
        <span className="dim">Compare with</span>
        <Select label="Compare with" value={comparison} options={comparisons} onChange={compare} />
      </label>
      {comparison === 'before' && <MomentChoice {...choices} />}
      {comparison === 'value' && choices.values.length > 0 && <ValueChoice {...choices} />}
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

/** The value that the others are compared with. */
export function ValueChoice({ values, against }: Pick<ComparisonChoices, 'values' | 'against'>) {
  const options = values.map((one) => ({ value: againstText(one), text: pairText(one.label, one.value) }));
  const chosen = against && againstText(against);
  return (
    <Select
      label="Value to compare with"
      value={options.find(({ value }) => value === chosen)?.value}
      options={options}
      onChange={(value) => setParams({ against: value })}
    />
  );
}

/** What each column is compared with was before a deploy, or before any other moment. */
export function MomentChoice({ deploys, moment, range }: Pick<ComparisonChoices, 'deploys' | 'moment' | 'range'>) {
  const options = deploys.map(({ version, time }) => ({
    value: String(time),
    text: `version ${version}, ${formatDayClock(time)}`,
  }));
  return (
    <>
      {options.length > 0 && (
        <Select
          label="Deploy"
          value={options.find(({ value }) => value === String(moment))?.value}
          options={options}
          onChange={(value) => setParams({ moment: value })}
        />
      )}
      <MomentField moment={moment} range={range} />
    </>
  );
}

function MomentField({ moment, range: [start, end] }: Pick<ComparisonChoices, 'moment' | 'range'>) {
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
