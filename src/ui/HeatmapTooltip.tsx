import React, { useLayoutEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import type { OverlayLine } from '../shared/heatmap/model.ts';
import { colorRamp, RAMP_SIZE, type PaletteName } from '../shared/heatmap/palettes.ts';
import { formatBucket, formatCount, formatShare, formatTimeRange } from '../viz/format.ts';
import { columnTotal, type Cell } from '../viz/hitTest.ts';
import type { Layout } from '../viz/layout.ts';
import type { LimitLine } from '../viz/limitLines.ts';
import type { VizTheme } from '../viz/theme.ts';

export interface HeatmapTooltipProps {
  readonly layout: Layout;
  readonly cell: Cell;
  readonly lines: readonly OverlayLine[];
  readonly limits: readonly LimitLine[];
  readonly theme: VizTheme;
  readonly palette: PaletteName;
}

const WIDTH = 236;

/** What is known about a cell and its column: when, which bucket, how many, what part, the lines' values, and the column as a histogram. */
export function HeatmapTooltip({
  layout,
  cell,
  lines,
  limits,
  theme,
  palette,
}: HeatmapTooltipProps): React.JSX.Element {
  const { model, formatY, timeZone } = layout;
  const total = columnTotal(layout, cell.column);
  const values = lines
    .map((line) => ({ name: line.name, value: valueWithin(line, cell.fromTime, cell.toTime) }))
    .filter(({ value }) => !Number.isNaN(value));
  const slice = model.xEdges.indexOf(cell.toTime) - 1;
  const dim = { color: theme.textDim };
  return (
    <div style={{ width: WIDTH, fontFamily: theme.fontFamily, fontSize: 12, lineHeight: 1.45, color: theme.text }}>
      <div style={{ ...dim, marginBottom: 6 }}>{formatTimeRange(cell.fromTime, cell.toTime, timeZone)}</div>
      {model.title !== undefined && model.title !== '' && <div style={CLIPPED}>{model.title}</div>}
      <Pair name="Bucket" value={formatBucket(cell.fromValue, cell.toValue, formatY)} theme={theme} />
      <Pair name="Observations" value={formatCount(cell.count, model.countUnit)} theme={theme} strong />
      {total > 0 && !Number.isNaN(cell.share) && (
        <Pair
          name="Share of column"
          value={`${formatShare(cell.share)} of ${formatCount(total, model.countUnit)}`}
          theme={theme}
        />
      )}
      {values.length > 0 && (
        <div style={{ borderTop: `1px solid ${theme.grid}`, marginTop: 6, paddingTop: 6 }}>
          {values.map(({ name, value }) => (
            <Pair key={name} name={name} value={formatY(value)} theme={theme} />
          ))}
        </div>
      )}
      {limits.length > 0 && slice >= 0 && total > 0 && (
        <div style={{ borderTop: `1px solid ${theme.grid}`, marginTop: 6, paddingTop: 6 }}>
          {limits.map(({ limit, bySlice }) => (
            <Pair key={limit} name={`At most ${formatY(limit)}`} value={formatShare(bySlice[slice])} theme={theme} />
          ))}
        </div>
      )}
      {total > 0 && <ColumnHistogram layout={layout} cell={cell} theme={theme} palette={palette} />}
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
}

function Pair({ name, value, theme, strong }: PairProps): React.JSX.Element {
  return (
    <div style={{ display: 'flex', justifyContent: 'space-between', gap: 12 }}>
      <span style={{ ...CLIPPED, fontWeight: 400, color: theme.textDim }}>{name}</span>
      <span style={{ fontWeight: strong ? 600 : 400, fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}>
        {value}
      </span>
    </div>
  );
}

function valueWithin(line: OverlayLine, from: number, to: number): number {
  for (let i = line.times.length - 1; i >= 0; i--) {
    if (line.times[i] > from && line.times[i] <= to) return line.values[i];
    if (line.times[i] <= from) break;
  }
  return NaN;
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
}: Omit<HeatmapTooltipProps, 'lines' | 'limits'>): React.JSX.Element | null {
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
            fill={row === cell.row ? theme.text : fill}
          />
        );
      })}
    </svg>
  );
}

interface FloatingTooltipProps {
  /** Where the pointer is, in the window's pixels. */
  readonly clientX: number;
  readonly clientY: number;
  readonly theme: VizTheme;
  readonly children: React.ReactNode;
}

const OFFSET = 14;

/** A box beside the pointer, above everything, kept inside the window; it never catches the pointer. */
export function FloatingTooltip({ clientX, clientY, theme, children }: FloatingTooltipProps): React.JSX.Element {
  const ref = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: WIDTH + 24, height: 160 });
  useLayoutEffect(() => {
    const box = ref.current?.getBoundingClientRect();
    if (box !== undefined && (box.width !== size.width || box.height !== size.height)) {
      setSize({ width: box.width, height: box.height });
    }
  });
  const right = clientX + OFFSET + size.width <= window.innerWidth;
  const left = right ? clientX + OFFSET : Math.max(4, clientX - OFFSET - size.width);
  const top = Math.max(4, Math.min(clientY + OFFSET, window.innerHeight - size.height - 4));
  return createPortal(
    <div
      ref={ref}
      role="tooltip"
      style={{
        position: 'fixed',
        left,
        top,
        zIndex: 1100,
        pointerEvents: 'none',
        padding: '10px 12px',
        borderRadius: 6,
        background: theme.background,
        border: `1px solid ${theme.grid}`,
        boxShadow: theme.mode === 'dark' ? '0 8px 24px rgba(0, 0, 0, 0.6)' : '0 8px 24px rgba(20, 24, 32, 0.18)',
      }}
    >
      {children}
    </div>,
    document.body,
  );
}
