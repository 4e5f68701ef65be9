import React, { useMemo } from 'react';
import { colorScaleOf, differenceScaleOf } from '../../shared/heatmap/colorScale.ts';
import type { ColorScaleName } from '../../shared/heatmap/colorScale.ts';
import type { PaletteName } from '../../shared/heatmap/palettes.ts';
import { HeatmapLegend } from '../../ui/HeatmapLegend.tsx';
import type { YScaleName } from '../../viz/axisScale.ts';
import { formatShade, modelShades, type ColorBy } from '../../viz/shades.ts';
import type { VizTheme } from '../../viz/theme.ts';
import type { MapView } from '../views.ts';

/** What the words beside the bar need. */
const TEXTS_WIDTH = 290;

interface PanelLegendProps {
  readonly views: readonly MapView[];
  readonly colorBy: ColorBy;
  readonly colorScale: ColorScaleName;
  readonly colorMin?: number;
  readonly colorMax: number;
  readonly yScale: YScaleName;
  readonly palette: PaletteName;
  readonly theme: VizTheme;
  /** Under the pointer. */
  readonly shade?: number;
  /** CSS pixels of the panel. */
  readonly width: number;
}

/** One legend for maps that share their colours. */
export function PanelLegend(props: PanelLegendProps): React.JSX.Element {
  const { views, colorBy, colorScale, colorMin, colorMax, yScale, palette, theme, shade, width } = props;
  const { countUnit, unit } = views[0].model;
  const scale = useMemo(() => {
    const shades = joined(views.map(({ model }) => modelShades(model, colorBy, yScale)));
    return countUnit === 'shareDifference'
      ? differenceScaleOf(colorScale, shades, colorMax)
      : colorScaleOf(colorScale, shades, colorMax, colorMin);
  }, [views, colorBy, colorScale, colorMin, colorMax, yScale, countUnit]);
  return (
    <HeatmapLegend
      scale={scale}
      palette={palette}
      theme={theme}
      countUnit={countUnit}
      format={(value) => formatShade(value, colorBy, countUnit, yScale, unit)}
      hovered={shade}
      width={Math.max(40, Math.min(180, width - TEXTS_WIDTH))}
    />
  );
}

function joined(parts: readonly Float64Array[]): Float64Array {
  if (parts.length === 1) return parts[0];
  const whole = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
