import React, { useMemo } from 'react';
import type { ColorScale } from '../shared/heatmap/colorScale.ts';
import type { CountUnit } from '../shared/heatmap/model.ts';
import { colorRamp, RAMP_SIZE, type PaletteName, type RampName } from '../shared/heatmap/palettes.ts';
import { tr } from '../shared/texts/texts.ts';
import { formatCount } from '../viz/format.ts';
import type { VizTheme } from '../viz/theme.ts';

export interface HeatmapLegendProps {
  /** The same numbers as the map's. */
  readonly scale: ColorScale;
  readonly palette: PaletteName;
  readonly theme: VizTheme;
  readonly countUnit: CountUnit;
  /** How the numbers at the bar's ends are written; by default as counts. */
  readonly format?: (value: number) => string;
  /** CSS pixels of the colour bar. */
  readonly width?: number;
  /** Marked on the bar: the count (of one slice) under the pointer. */
  readonly hovered?: number;
}

const BAR_HEIGHT = 8;
const STOPS = 24;

/** Colours and what they count, from one observation to the most; with the signs for nothing observed and for no data. */
export function HeatmapLegend(props: HeatmapLegendProps): React.JSX.Element {
  const { scale, palette, theme, countUnit, width = 180, hovered } = props;
  const gradient = useMemo(
    () => gradientOf(scale.signed ? 'difference' : palette, theme),
    [scale.signed, palette, theme],
  );
  const format = props.format ?? ((value: number) => formatCount(value, countUnit));
  const text: React.CSSProperties = { fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' };
  if (scale.max === 0)
    return (
      <div style={{ ...FRAME, ...font(theme) }}>{scale.signed ? tr('no difference') : tr('nothing observed')}</div>
    );
  return (
    <div style={{ ...FRAME, ...font(theme) }}>
      <Swatch
        name={tr('none')}
        background={theme.mode === 'dark' ? 'rgba(255,255,255,0.08)' : 'rgba(20,20,20,0.07)'}
        theme={theme}
      />
      <Swatch
        name={tr('no data')}
        background={`repeating-linear-gradient(135deg, ${theme.textDim} 0 1px, transparent 1px 4px)`}
        theme={theme}
      />
      <span style={text}>{format(scale.signed || scale.countAt(0) > 0 ? scale.countAt(0) : scale.min)}</span>
      <div style={{ position: 'relative', width, height: BAR_HEIGHT, borderRadius: 2, background: gradient }}>
        {hovered !== undefined && (hovered > 0 || (scale.signed && hovered < 0)) && (
          <div
            style={{
              position: 'absolute',
              left: scale.place(hovered) * width - 2,
              top: -3,
              width: 4,
              height: BAR_HEIGHT + 6,
              borderRadius: 2,
              background: theme.text,
              border: `1px solid ${theme.background}`,
            }}
          />
        )}
      </div>
      <span style={text}>{format(scale.max)}</span>
    </div>
  );
}

const FRAME: React.CSSProperties = { display: 'flex', alignItems: 'center', gap: 8, overflow: 'hidden' };
const font = (theme: VizTheme): React.CSSProperties => ({
  fontFamily: theme.fontFamily,
  fontSize: theme.fontSize - 1,
  color: theme.textDim,
});

function Swatch({ name, background, theme }: { name: string; background: string; theme: VizTheme }): React.JSX.Element {
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 5, marginRight: 6, whiteSpace: 'nowrap' }}>
      <span style={{ width: 12, height: BAR_HEIGHT, background, border: `1px solid ${theme.grid}`, borderRadius: 2 }} />
      {name}
    </span>
  );
}

function gradientOf(palette: RampName, theme: VizTheme): string {
  const ramp = colorRamp(palette, theme.mode);
  const stops: string[] = [];
  for (let i = 0; i <= STOPS; i++) {
    const at = Math.round((i / STOPS) * (RAMP_SIZE - 1)) * 4;
    stops.push(`rgb(${ramp[at]}, ${ramp[at + 1]}, ${ramp[at + 2]})`);
  }
  return `linear-gradient(to right, ${stops.join(', ')})`;
}
