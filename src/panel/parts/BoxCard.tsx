import type { PanelData } from '@grafana/data';
import React, { useEffect, useState } from 'react';
import { pairText, shareText } from '../../shared/explain/words.ts';
import type { MapBox } from '../../ui/HeatmapCanvas.tsx';
import { formatBucket, formatCount, formatShare, formatTimeRange, type FormatValue } from '../../viz/format.ts';
import type { VizTheme } from '../../viz/theme.ts';
import { explainBox, type Told, type ToldValue } from '../source/explain.ts';
import { alertRule, type Refinement } from '../source/expression.ts';
import { objectiveOf } from '../source/objective.ts';
import type { MapView } from '../views.ts';
import { Action, Card, CopyAction, DIM_LINE } from './Card.tsx';
import { tr } from '../../shared/texts/texts.ts';

export interface BoxCardProps {
  readonly box: MapBox;
  readonly view: MapView;
  readonly data: PanelData;
  /** What the map answers; undefined where the data source does not tell. */
  readonly expr?: string;
  readonly theme: VizTheme;
  readonly width: number;
  readonly height: number;
  readonly formatY: FormatValue;
  readonly timeZone?: string;
  /** Of the web UI, with the box in it. */
  readonly webHref?: string;
  readonly onZoom: () => void;
  readonly onCompare: () => void;
  readonly onRefine: (add: Partial<Refinement>) => void;
  readonly onClose: () => void;
}

/** A box on the map: what is in it, why, and what can be done about it. */
export function BoxCard(props: BoxCardProps): React.JSX.Element {
  const { box, view, expr, theme, formatY, timeZone } = props;
  const { inside, over, total } = boxCounts(view, box);
  const share = total > 0 ? over / total : 0;
  const rule = expr === undefined ? undefined : alertRule(expr, box, share);
  const objective = expr === undefined ? undefined : objectiveOf(expr, box, share);
  const isFolded = view.model.fold !== undefined;
  return (
    <Card title={tr('In this box')} {...props}>
      <div style={{ ...DIM_LINE, color: theme.textDim }}>
        {!isFolded && (
          <>
            {formatTimeRange(box.from, box.to, timeZone)}
            <br />
          </>
        )}
        {formatBucket(box.lower, box.upper, formatY)}
        {view.model.countUnit !== 'shareDifference' && (
          <>
            <br />
            <span style={{ color: theme.text }}>
              {formatCount(Number(inside.toPrecision(6)), view.model.countUnit)}
            </span>
            {total > 0 && tr(', {0} of its time', formatShare(inside / total))}
          </>
        )}
      </div>
      <div style={{ display: 'flex', flexWrap: 'wrap', columnGap: 14, margin: '6px 0 8px' }}>
        {!isFolded && <Action text={tr('Zoom')} theme={theme} onClick={props.onZoom} />}
        {!isFolded && (
          <Action
            text={tr('Compare with it')}
            title={tr("Every time's shares less those of the box's times")}
            theme={theme}
            onClick={props.onCompare}
          />
        )}
        {expr !== undefined && <CopyAction text={tr('Copy query')} copy={expr} theme={theme} />}
        {rule !== undefined && <CopyAction text={tr('Copy alert rule')} copy={rule} theme={theme} />}
        {objective !== undefined && <CopyAction text={tr('Copy objective')} copy={objective} theme={theme} />}
        {!isFolded && <CopyAction text={tr('Copy link')} copy={linkWithBox(props)} theme={theme} />}
        {props.webHref !== undefined && (
          <a href={props.webHref} target="_blank" rel="noreferrer" style={{ color: theme.accent, padding: '2px 0' }}>
            {tr('Open in Isotherm')}
          </a>
        )}
      </div>
      {expr !== undefined && !isFolded && <Explanation {...props} expr={expr} />}
    </Card>
  );
}

export const BOX_PARAMETER = 'isotherm-box';

function linkWithBox({ box, data }: BoxCardProps): string {
  const url = new URL(window.location.href);
  url.searchParams.set('from', String(data.timeRange.from.valueOf()));
  url.searchParams.set('to', String(data.timeRange.to.valueOf()));
  url.searchParams.set(BOX_PARAMETER, [box.from, box.to, box.lower, box.upper].join(','));
  return url.href;
}

/** The box that an address carries. */
export function boxOfAddress(search: string): MapBox | undefined {
  const parts = (new URLSearchParams(search).get(BOX_PARAMETER) ?? '').split(',');
  if (parts.length !== 4 || parts.includes('')) return undefined;
  const [from, to, lower, upper] = parts.map(Number);
  return to > from && upper > lower ? { from, to, lower, upper } : undefined;
}

/** Observations in a box, over its lower bound at its times, and all at its times. */
export function boxCounts({ model }: MapView, box: MapBox): { inside: number; over: number; total: number } {
  const { xEdges, yEdges, counts } = model;
  const rows = yEdges.length - 1;
  const sums = { inside: 0, over: 0, total: 0 };
  for (let x = 0; x + 1 < xEdges.length; x++) {
    if (xEdges[x + 1] <= box.from || xEdges[x] >= box.to) continue;
    for (let y = 0; y < rows; y++) {
      const count = counts[x * rows + y];
      if (Number.isNaN(count)) continue;
      sums.total += count;
      if (yEdges[y] >= box.lower) sums.over += count;
      if (yEdges[y] >= box.lower && yEdges[y + 1] <= box.upper) sums.inside += count;
    }
  }
  return sums;
}

/** Labels below this difference in shares are only named. */
const CLEAR_FROM = 0.1;
const LABELS_MAX = 4;
const VALUES_MAX = 4;

function Explanation(props: BoxCardProps & { readonly expr: string }): React.JSX.Element {
  const { data, expr, view, box, theme } = props;
  const [told, setTold] = useState<Told | string>();
  useEffect(() => {
    let isLeft = false;
    setTold(undefined);
    explainBox(data, expr, view.model, box).then(
      (answer) => isLeft || setTold(answer),
      (error: unknown) => isLeft || setTold(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      isLeft = true;
    };
    // The box is explained as it was drawn; new data does not move the answer under the reader's eyes.
  }, [expr, box]);
  const rule: React.CSSProperties = { borderTop: `1px solid ${theme.grid}`, paddingTop: 8 };
  if (told === undefined) {
    return <div style={{ ...rule, color: theme.textDim }}>{tr('Looking for what sets it apart …')}</div>;
  }
  if (typeof told === 'string') {
    return (
      <div style={{ ...rule, color: theme.textDim }}>
        {tr('Cannot be explained:')} {told}
      </div>
    );
  }
  const clear = told.labels.filter(({ score }) => score >= CLEAR_FROM).slice(0, LABELS_MAX);
  const others = told.labels.filter((label) => !clear.includes(label));
  return (
    <div style={rule}>
      <p role="status" style={{ margin: '0 0 6px', fontWeight: 500 }}>
        {told.headline}
      </p>
      {told.cautions.map((caution) => (
        <p key={caution} style={{ margin: '0 0 6px', color: theme.textDim, fontSize: 12 }}>
          {caution}
        </p>
      ))}
      {clear.map(({ label, values, sameSplit }) => (
        <div key={label} style={{ marginTop: 8 }}>
          <div style={{ display: 'flex', justifyContent: 'space-between' }}>
            <bdi
              style={{ fontWeight: 500 }}
              title={sameSplit.length > 0 ? tr('the same as {0}', sameSplit.join(', ')) : ''}
            >
              {label}
            </bdi>
            <Action
              text={tr('split')}
              title={tr('A map for each {0}', label)}
              theme={theme}
              onClick={() => props.onRefine({ splits: [label] })}
            />
          </div>
          {values.slice(0, VALUES_MAX).map((value) => (
            <ValueLine key={value.value} label={label} value={value} {...props} />
          ))}
        </div>
      ))}
      {clear.length > 0 && (
        <div style={{ ...DIM_LINE, color: theme.textDim, fontSize: 12, marginTop: 8 }}>
          <Swatch colour={theme.accent} /> {told.words.inside}, {formatCount(Math.round(told.inside), 'count')}
          {'  '}
          <Swatch colour={theme.textDim} /> {told.words.baseline}, {formatCount(Math.round(told.baseline), 'count')}
        </div>
      )}
      {others.length > 0 && (
        <div style={{ color: theme.textDim, fontSize: 12, marginTop: 8 }}>
          {others.map(({ label }, i) => (
            <React.Fragment key={label}>
              {i === 0 ? tr('No clear difference by ') : ', '}
              <bdi>{label}</bdi>
            </React.Fragment>
          ))}
        </div>
      )}
    </div>
  );
}

function Swatch({ colour }: { colour: string }): React.JSX.Element {
  return <span style={{ display: 'inline-block', width: 8, height: 8, borderRadius: 2, background: colour }} />;
}

function ValueLine({
  label,
  value,
  theme,
  onRefine,
}: Pick<BoxCardProps, 'theme' | 'onRefine'> & {
  readonly label: string;
  readonly value: ToldValue;
}): React.JSX.Element {
  const pair = pairText(label, value.value);
  const refine = (op: '=' | '!='): void => onRefine({ conditions: [{ label, op, value: value.value }] });
  return (
    <div style={{ marginTop: 4 }} title={value.reading}>
      <div style={{ display: 'flex', gap: 10, alignItems: 'baseline' }}>
        <bdi style={{ flex: 1, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}>
          {value.value === '' ? `no ${label}` : value.value}
        </bdi>
        <button type="button" aria-label={`Only ${pair}`} style={smallButton(theme)} onClick={() => refine('=')}>
          {tr('only')}
        </button>
        <button type="button" aria-label={`Without ${pair}`} style={smallButton(theme)} onClick={() => refine('!=')}>
          {tr('without')}
        </button>
      </div>
      <Bar share={value.shareInside} colour={theme.accent} theme={theme} />
      <Bar share={value.shareBaseline} colour={theme.textDim} theme={theme} />
    </div>
  );
}

const smallButton = (theme: VizTheme): React.CSSProperties => ({
  border: 0,
  padding: 0,
  background: 'none',
  color: theme.accent,
  font: 'inherit',
  fontSize: 12,
  cursor: 'pointer',
});

function Bar({ share, colour, theme }: { share: number; colour: string; theme: VizTheme }): React.JSX.Element {
  const width = Number.isFinite(share) ? Math.max(0, Math.min(1, share)) * 100 : 0;
  return (
    <div style={{ display: 'flex', alignItems: 'center', gap: 8, height: 12 }}>
      <div style={{ flex: 1, height: 6, borderRadius: 2, background: theme.grid }}>
        <div style={{ width: `${width}%`, height: 6, borderRadius: 2, background: colour }} />
      </div>
      <span style={{ width: 52, textAlign: 'right', fontSize: 11, fontVariantNumeric: 'tabular-nums' }}>
        {shareText(share)}
      </span>
    </div>
  );
}
