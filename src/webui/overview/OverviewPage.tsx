import React, { useMemo } from 'react';
import { useFetched } from '../api/useFetched.ts';
import type { ApiAlerts } from '../../shared/api/prometheus.ts';
import { ask, queryRange } from '../api/client.ts';
import { refreshChoice, useClock } from '../clock.ts';
import { createCrosshair } from '../crosshair.ts';
import { setParams } from '../location.ts';
import type { Place } from '../location.ts';
import { Card, Notice } from '../parts/Card.tsx';
import { PageFrame } from '../parts/PageFrame.tsx';
import { PageLink, TimeTools } from '../parts/TopBar.tsx';
import { SERIES_COLORS, STATE_COLORS, VIZ_THEMES, themeChoice, useThemeMode } from '../theme.ts';
import { gridFor, rangeFromParams, rangeParams, shownBy } from '../timeRange.ts';
import type { TimeRange } from '../timeRange.ts';
import { INTERVAL_MS_DEFAULT, summariseTargets, takeInventory } from './inventory.ts';
import type { Inventory, TargetsSummary } from './inventory.ts';
import { JobsCard } from './JobsCard.tsx';
import { LatencyCard } from './LatencyCard.tsx';
import { MachineCard } from './MachineCard.tsx';
import { RequestsCard } from './RequestsCard.tsx';
import type { CardContext } from './cardContext.ts';

/** A column of the maps is at least so wide where two stand side by side: enough for the eye, few enough for a small machine. */
const COLUMN_PIXELS = 5;
const COLUMNS_MIN = 60;
const COLUMNS_MAX = 300;
const SCRAPES_MIN = 6;
/** New names are looked for at most this often. */
const INVENTORY_MS = 60_000;
/** The first scrapes of a store come in within this time. */
const YOUNG_MS = 180_000;

/** The four questions on one screen: how fast, how much, did the data job run, how is the machine. */
export function OverviewPage({ place }: { place: Place }) {
  const theme = themeChoice(place.params);
  const mode = useThemeMode(theme);
  const refresh = refreshChoice(place.params);
  const [now, renew] = useClock(refresh);
  const crosshair = useMemo(createCrosshair, []);

  const targets = useFetched(`targets ${now}`, summariseTargets);
  const firing = useFetched(`firing ${now}`, firingAlerts);
  const history = useFetched(`history ${now}`, (signal) => historyAge(now, signal));
  const young = (history.data ?? 0) <= YOUNG_MS;
  const chosen = rangeFromParams(place.params);
  const range = chosen ?? fittingRange(history.data);
  const end = range.kind === 'last' ? now : range.end;
  const intervalMs = targets.data?.intervalMs ?? INTERVAL_MS_DEFAULT;
  const known = targets.data !== undefined || targets.error !== undefined;
  const grid = gridFor(range, now, columnsFor(window.innerWidth), intervalMs);

  // In a young store there may be something new at any moment; later a look a minute is enough.
  const look = young ? now : Math.floor(now / INVENTORY_MS);
  const found = useFetched(`inventory ${look}`, (signal) => takeInventory(end, grid.start, signal));
  const inventory = found.data;

  const context: CardContext = {
    place,
    grid,
    shown: shownBy(range, now),
    intervalMs,
    now: end,
    live: range.kind === 'last',
    young,
    targetsUp: targets.data?.up ?? 0,
    awaiting: (targets.data?.unknown ?? 0) > 0,
    mode,
    vizTheme: VIZ_THEMES[mode],
    seriesColors: SERIES_COLORS[mode],
    stateColors: STATE_COLORS[mode],
    crosshair,
    onSelectRange: (start, end) => setParams(rangeParams(widened(start, end, intervalMs)), 'push'),
  };
  const failure = found.error ?? targets.error;
  return (
    <PageFrame
      className="overview"
      tools={
        <>
          <AlertsPill place={place} firing={firing.data ?? 0} />
          <TargetsPill place={place} targets={targets.data} />
          <TimeTools range={range} refresh={refresh} onRenew={renew} />
        </>
      }
    >
      <h1 className="visually-hidden">Overview</h1>
      {failure !== undefined && <FailureLine error={failure} hasOlder={inventory !== undefined} />}
      {inventory === undefined || !known || (chosen === undefined && history.data === undefined && history.loading) ? (
        failure === undefined && <Notice kind="loading" title="Looking for what is scraped …" />
      ) : (
        <Cards inventory={inventory} context={context} />
      )}
    </PageFrame>
  );
}

function Cards({ inventory, context }: { inventory: Inventory; context: CardContext }) {
  return (
    <div className="overview-grid">
      <LatencyCard inventory={inventory} context={context} />
      <RequestsCard inventory={inventory} context={context} />
      <JobsCard inventory={inventory} context={context} />
      <MachineCard inventory={inventory} context={context} />
    </div>
  );
}

function FailureLine({ error, hasOlder }: { error: Error; hasOlder: boolean }) {
  return (
    <Card title="The sidecar does not answer" className="failure-line">
      <p>{error.message}</p>
      {hasOlder && <p className="dim">What is shown below is from before.</p>}
    </Card>
  );
}

async function firingAlerts(signal: AbortSignal): Promise<number> {
  const { data } = await ask<ApiAlerts>('alerts', {}, signal);
  return data.alerts.filter(({ state }) => state === 'firing').length;
}

/** Nothing where nothing fires: quiet is no news. */
function AlertsPill({ place, firing }: { place: Place; firing: number }) {
  if (firing === 0) return null;
  return (
    <PageLink page="alerts" place={place} className="pill pill-bad" label={`Alerts: ${firing} firing`}>
      <span className="dot" />
      {firing} firing
    </PageLink>
  );
}

function TargetsPill({ place, targets }: { place: Place; targets?: TargetsSummary }) {
  if (targets === undefined) return null;
  const all = targets.up + targets.down + targets.unknown;
  const tone = targets.down > 0 ? 'bad' : targets.unknown > 0 || all === 0 ? 'quiet' : 'good';
  const text = all === 0 ? 'no targets' : `${targets.up} of ${all} up`;
  return (
    <PageLink page="targets" place={place} className={`pill pill-${tone}`} label={`Targets: ${text}`}>
      <span className="dot" />
      {text}
    </PageLink>
  );
}

/** A range of a few scrapes at least, around the same middle: less has nothing to draw. */
export function widened(start: number, end: number, intervalMs: number): TimeRange {
  const missing = Math.max(0, SCRAPES_MIN * intervalMs - (end - start)) / 2;
  return { kind: 'between', start: start - missing, end: end + missing };
}

function columnsFor(windowWidth: number): number {
  return Math.min(COLUMNS_MAX, Math.max(COLUMNS_MIN, Math.floor(windowWidth / 2 / COLUMN_PIXELS)));
}

const HISTORY_MS = 3_600_000;
const HISTORY_STEP_MS = 60_000;

/** How far back samples reach, milliseconds, looking at the last hour only. */
async function historyAge(now: number, signal: AbortSignal): Promise<number> {
  const end = Math.floor(now / HISTORY_STEP_MS) * HISTORY_STEP_MS + HISTORY_STEP_MS;
  const grid = { start: end - HISTORY_MS, end, step: HISTORY_STEP_MS };
  const { data } = await queryRange('count(up)', grid, signal);
  const first = data[0]?.values.findIndex((value) => !Number.isNaN(value)) ?? -1;
  return first < 0 ? 0 : end - (grid.start + first * grid.step);
}

/** Where the address names no range: as much as there is, up to an hour, so that a young store does not look empty. */
export function fittingRange(ageMs: number | undefined): TimeRange {
  if (ageMs === undefined) return { kind: 'last', ms: 3_600_000 };
  const ms = ageMs <= 6 * 60_000 ? 300_000 : ageMs <= 22 * 60_000 ? 900_000 : 3_600_000;
  return { kind: 'last', ms };
}
