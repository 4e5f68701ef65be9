/** A dashboard made of presets: what one system can be asked, a panel a question. */
import type { Preset } from '../shared/serving/presets.ts';

const SOURCE_TYPE = 'isotherm-metrics-datasource';
const COLUMNS = 24;
const HEIGHT = 9;
const UID_LENGTH_MAX = 40;

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly datasource: { readonly type: string; readonly uid: string };
}

export interface DashboardPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource: Target['datasource'];
  readonly targets: readonly Target[];
  readonly fieldConfig: { readonly defaults: Readonly<Record<string, unknown>>; readonly overrides: readonly never[] };
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly schemaVersion: number;
  readonly editable: boolean;
  readonly refresh: string;
  readonly graphTooltip: number;
  readonly time: { readonly from: string; readonly to: string };
  readonly panels: readonly DashboardPanel[];
}

/** The same for the same system and source, so that a second click finds the first one's dashboard. */
export function dashboardUid(system: string, sourceUid: string): string {
  const name = system.toLowerCase().replace(/\W+/g, '-').replace(/^-|-$/g, '');
  return `it-${name}-${sourceUid.replace(/[^\w-]/g, '')}`.slice(0, UID_LENGTH_MAX);
}

/** Two panels a row, in the order of the questions. */
export function dashboardOf(
  system: string,
  presets: readonly Preset[],
  source: { uid: string; name: string },
): Dashboard {
  const datasource = { type: SOURCE_TYPE, uid: source.uid };
  const w = presets.length === 1 ? COLUMNS : COLUMNS / 2;
  const panels = presets.map(({ title, query }, i): DashboardPanel => {
    const isDistribution = query.latency !== undefined;
    return {
      id: i + 1,
      type: isDistribution ? 'isotherm-heatmap-panel' : 'timeseries',
      title,
      gridPos: { x: (i * w) % COLUMNS, y: Math.floor((i * w) / COLUMNS) * HEIGHT, w, h: HEIGHT },
      datasource,
      targets: [{ refId: 'A', datasource, ...query }],
      fieldConfig: { defaults: isDistribution ? {} : { ...unitOf(title), min: 0 }, overrides: [] },
    };
  });
  return {
    uid: dashboardUid(system, source.uid),
    title: `${system} (${source.name})`,
    tags: ['isotherm', 'model-serving'],
    schemaVersion: 38,
    editable: true,
    refresh: '10s',
    graphTooltip: 1,
    time: { from: 'now-30m', to: 'now' },
    panels,
  };
}

/** What a question is answered in, as Grafana names units. */
function unitOf(title: string): { unit?: string } {
  const row = UNITS.find(([pattern]) => pattern.test(title));
  return row === undefined ? {} : { unit: row[1] };
}

const UNITS: readonly (readonly [pattern: RegExp, unit: string])[] = [
  [/requests a second$/i, 'reqps'],
  [/a second$/, 'cps'],
  [/, %$/, 'percent'],
  [/, MiB$/, 'mbytes'],
  [/, W$/, 'watt'],
  [/, µs$/, 'µs'],
  [/in use$/, 'percentunit'],
];
