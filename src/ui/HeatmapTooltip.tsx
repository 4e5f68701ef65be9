import React from 'react';
import { shortened } from '../shared/model/visible.ts';
import type { OverlayLine } from '../shared/heatmap/model.ts';
import { colorRamp, RAMP_SIZE, type RampName } from '../shared/heatmap/palettes.ts';
import { tr } from '../shared/texts/texts.ts';
import { formatBucket, formatCount, formatShare } from '../viz/format.ts';
import { columnTotal, type Cell } from '../viz/hitTest.ts';
import { sliceText, type Layout } from '../viz/layout.ts';
import type { LimitLine } from '../viz/limitLines.ts';
import type { Exemplar, Mark } from '../viz/marks.ts';
import type { VizTheme } from '../viz/theme.ts';

export interface HeatmapTooltipProps {
  readonly layout: Layout;
  readonly cell: Cell;
  readonly lines: readonly OverlayLine[];
  readonly limits: readonly LimitLine[];
  readonly marks: readonly Mark[];
  readonly exemplars: readonly Exemplar[];
  readonly theme: VizTheme;
  readonly palette: RampName;
  /** What can be done about the cell; below all else. */
  readonly actions?: React.ReactNode;
}

const WIDTH = 248;
/** More traces than this are counted only. */
const EXEMPLARS_MAX = 4;

/** What is known about a cell and its column: when, which bucket, how many, what part, the lines' values, and the column as a histogram. */
export function HeatmapTooltip(props: HeatmapTooltipProps): React.JSX.Element {
  const { layout, cell, lines, limits, marks, exemplars, theme, palette, actions } = props;
  const { model, formatY } = layout;
  const isDifference = model.countUnit === 'shareDifference';
  const total = isDifference ? NaN : columnTotal(layout, cell.column);
  const readings = lines
    .map((line) => readingWithin(line, cell.fromTime, cell.toTime, formatY))
    .filter((reading) => reading !== undefined);
  const slice = model.xEdges.indexOf(cell.toTime) - 1;
  return (
    <div style={{ width: WIDTH, fontFamily: theme.fontFamily, fontSize: 12, lineHeight: 1.5, color: theme.text }}>
      <div style={{ color: theme.textDim, marginBottom: 6 }}>{sliceText(layout, cell)}</div>
      {marks.map((mark) => (
        <div key={`${mark.kind} ${mark.time} ${mark.text}`} style={{ ...CLIPPED, display: 'flex', gap: 6 }}>
          <span style={{ color: mark.color ?? theme.textDim }}>▼</span>
          {shortened(mark.text)}
        </div>
      ))}
      {model.title !== undefined && model.title !== '' && <div style={CLIPPED}>{shortened(model.title)}</div>}
      <Pair name={tr('Bucket')} value={formatBucket(cell.fromValue, cell.toValue, formatY)} theme={theme} />
      <Pair
        name={isDifference ? tr('Share, against the other') : tr('Observations')}
        value={formatCount(cell.count, model.countUnit)}
        theme={theme}
        strong
      />
      {total > 0 && !Number.isNaN(cell.share) && (
        <>
          <Pair
            name={tr('Share of column')}
            value={tr('{0} of {1}', formatShare(cell.share), formatCount(total, model.countUnit))}
            theme={theme}
          />
          <Pair name={tr('Quantiles')} value={rankText(cell)} theme={theme} />
        </>
      )}
      {readings.length > 0 && (
        <Section theme={theme}>
          {readings.map(({ name, value, within }) => (
            <Pair key={name} name={name} value={value} note={within} theme={theme} />
          ))}
        </Section>
      )}
      {limits.length > 0 && slice >= 0 && total > 0 && (
        <Section theme={theme}>
          {limits.map(({ limit, bySlice }) => (
            <Pair
              key={limit}
              name={tr('At most {0}', formatY(limit))}
              value={formatShare(bySlice[slice])}
              note={tr('over {0}', formatShare(1 - bySlice[slice]))}
              theme={theme}
            />
          ))}
        </Section>
      )}
      {total > 0 && <ColumnHistogram layout={layout} cell={cell} theme={theme} palette={palette} />}
      {exemplars.length > 0 && (
        <Section theme={theme}>
          {exemplars.slice(0, EXEMPLARS_MAX).map((exemplar) => (
            <ExemplarLine
              key={`${exemplar.time} ${exemplar.value}`}
              exemplar={exemplar}
              layout={layout}
              theme={theme}
            />
          ))}
          {exemplars.length > EXEMPLARS_MAX && <div>{tr('and {0} more', exemplars.length - EXEMPLARS_MAX)}</div>}
        </Section>
      )}
      {actions !== undefined && actions !== null && <Section theme={theme}>{actions}</Section>}
    </div>
  );
}

function Section({ theme, children }: { theme: VizTheme; children: React.ReactNode }): React.JSX.Element {
  return <div style={{ borderTop: `1px solid ${theme.grid}`, marginTop: 6, paddingTop: 6 }}>{children}</div>;
}

/** Which quantiles lie in the cell: `p97.2 – p98.9`. */
function rankText({ below, share }: Cell): string {
  const name = (q: number): string => `p${Number((Math.min(1, Math.max(0, q)) * 100).toPrecision(q > 0.99 ? 4 : 3))}`;
  return `${name(below)} – ${name(below + share)}`;
}

function ExemplarLine({
  exemplar,
  layout,
  theme,
}: {
  exemplar: Exemplar;
  layout: Layout;
  theme: VizTheme;
}): React.JSX.Element {
  const trace = exemplar.labels.find(([name]) => /trace_?id/i.test(name)) ?? exemplar.labels[0];
  const text = trace === undefined ? 'observation' : shortened(`${trace[0]} ${trace[1]}`);
  const rest = exemplar.labels.map(([name, value]) => shortened(`${name}=${value}`)).join('\n');
  return (
    <div style={{ display: 'flex', justifyContent: 'space-between', gap: 12 }} title={rest}>
      <span style={{ ...CLIPPED, fontWeight: 400 }}>
        ◆{' '}
        {exemplar.href === undefined ? (
          text
        ) : (
          <a href={exemplar.href} target="_blank" rel="noreferrer" style={{ color: theme.accent }}>
            {text}
          </a>
        )}
      </span>
      <span style={{ whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' }}>{layout.formatY(exemplar.value)}</span>
    </div>
  );
}

const CLIPPED: React.CSSProperties = {
  overflow: 'hidden',
  textOverflow: 'ellipsis',
  whiteSpace: 'nowrap',
  fontWeight: 600,
  unicodeBidi: 'isolate',
};

interface PairProps {
  readonly name: string;
  readonly value: string;
  readonly theme: VizTheme;
  readonly strong?: boolean;
  /** In weaker words behind the value. */
  readonly note?: string;
}

function Pair({ name, value, theme, strong, note }: PairProps): React.JSX.Element {
  return (
    <div style={{ display: 'flex', justifyContent: 'space-between', gap: 12 }}>
      <span style={{ ...CLIPPED, fontWeight: 400, color: theme.textDim }}>{name}</span>
      <span style={{ fontWeight: strong ? 600 : 400, fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}>
        {value}
        {note !== undefined && <span style={{ color: theme.textDim }}> · {note}</span>}
      </span>
    </div>
  );
}

/** A line's value in a slice, and the bucket that it certainly lies in. */
function readingWithin(line: OverlayLine, from: number, to: number, format: (value: number) => string) {
  for (let i = line.times.length - 1; i >= 0; i--) {
    if (line.times[i] <= from) break;
    if (line.times[i] > to || Number.isNaN(line.values[i])) continue;
    const [low, high] = [line.lows?.[i] ?? NaN, line.highs?.[i] ?? NaN];
    const open = high === Infinity;
    const within = Number.isNaN(low) || open ? undefined : formatBucket(low, high, format);
    return { name: line.name, value: `${open ? '≥ ' : ''}${format(line.values[i])}`, within };
  }
  return undefined;
}

const BARS_HEIGHT = 40;
/** More rows than this are too thin for bars. */
const BARS_MAX = 110;

/** The column from lowest to highest bucket, left to right; the pointed bucket in full colour. */
function ColumnHistogram({
  layout,
  cell,
  theme,
  palette,
}: Pick<HeatmapTooltipProps, 'layout' | 'cell' | 'theme' | 'palette'>): React.JSX.Element | null {
  const { grid } = layout;
  if (grid.rows < 2 || grid.rows > BARS_MAX) return null;
  const counts = [...grid.counts.subarray(cell.column * grid.rows, (cell.column + 1) * grid.rows)];
  const max = Math.max(...counts.filter((count) => count > 0), 0);
  const step = WIDTH / grid.rows;
  const ramp = colorRamp(palette, theme.mode);
  const at = Math.round(RAMP_SIZE * 0.45) * 4;
  const fill = `rgb(${ramp[at]}, ${ramp[at + 1]}, ${ramp[at + 2]})`;
  return (
    <svg width={WIDTH} height={BARS_HEIGHT} style={{ display: 'block', marginTop: 8 }} aria-hidden="true">
      <rect x={0} y={BARS_HEIGHT - 1} width={WIDTH} height={1} fill={theme.grid} />
      {counts.map((count, row) => {
        if (!(count > 0)) return null;
        const height = Math.max(1.5, (count / max) * (BARS_HEIGHT - 2));
        return (
          <rect
            key={row}
            x={row * step}
            y={BARS_HEIGHT - 1 - height}
            width={Math.max(1, step - (step > 4 ? 1 : 0))}
            height={height}
            fill={row >= cell.lowRow && row <= cell.highRow ? theme.text : fill}
          />
        );
      })}
    </svg>
  );
}
