import { CoreApp, type QueryEditorProps } from '@grafana/data';
import { Button, InlineField, InlineFieldRow, InlineSwitch, Input, RadioButtonGroup, Select } from '@grafana/ui';
import React, { useEffect, useMemo, useState } from 'react';
import { parseInterval, type MetricsQuery, type QueryFormat } from '../shared/api/grafanaQuery.ts';
import { saveFile } from '../ui/saveFile.ts';
import type { MetricsDataSource } from './DataSource.ts';
import type { MetricsOptions } from './options.ts';
import { PromqlField } from './editor/PromqlField.tsx';
import { BuilderEditor } from './query/BuilderEditor.tsx';
import { LatencyEditor } from './query/LatencyEditor.tsx';
import { presetsFor } from '../shared/serving/presets.ts';
import { prettyWithVariables } from './query/pretty.ts';
import { Explanation, Hints } from './query/QueryHelp.tsx';
import { QueryTrace } from './query/QueryTrace.tsx';
import { tr } from '../shared/texts/texts.ts';

type Props = QueryEditorProps<MetricsDataSource, MetricsQuery, MetricsOptions>;

const FORMATS: { label: string; value: QueryFormat; description: string }[] = [
  { label: tr('Auto'), value: 'auto', description: tr('Histograms become heatmaps, all else time series') },
  { label: tr('Time series'), value: 'time_series', description: tr('A line a series, also of buckets') },
  { label: tr('Table'), value: 'table', description: tr('A row a sample, a column a label') },
  { label: tr('Heatmap'), value: 'heatmap', description: tr('Series with the label le, or native histograms') },
];

const TYPES = [
  { label: tr('Range'), value: 'range', description: tr('A value at each step') },
  { label: tr('Instant'), value: 'instant', description: tr('One value, at the end of the range') },
  { label: tr('Both'), value: 'both' },
];
type QueryKind = 'range' | 'instant' | 'both';

type EditorMode = NonNullable<MetricsQuery['editorMode']>;
const EDITORS: { label: string; value: EditorMode; description: string }[] = [
  { label: tr('Latency'), value: 'latency', description: tr('A latency distribution, without PromQL') },
  { label: tr('Builder'), value: 'builder', description: tr('A metric and what to do with it') },
  { label: tr('Code'), value: 'code', description: 'PromQL' },
];

/** Names of all metrics; undefined until they are there, and where they cannot be had. */
function useMetricNames(datasource: MetricsDataSource): ReadonlySet<string> | undefined {
  const [names, setNames] = useState<ReadonlySet<string>>();
  useEffect(() => {
    let gone = false;
    datasource.metricNames().then(
      (found) => {
        if (!gone) setNames(found);
      },
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [datasource]);
  return names;
}

/** One query: its expression, and how it is asked and drawn. Changes are kept as they are typed; the query runs on Enter and when a field is left. */
export function QueryEditor({ query, datasource, app, range, data, onChange, onRunQuery }: Props): React.JSX.Element {
  const change = (part: Partial<MetricsQuery>) => onChange({ ...query, ...part });
  const changeAndRun = (part: Partial<MetricsQuery>) => {
    change(part);
    onRunQuery();
  };
  const kind: QueryKind = query.instant !== true ? 'range' : query.range === true ? 'both' : 'instant';
  const fault = intervalFault(query.interval);
  // Alert rules take numbers and series, whatever the format says.
  const draws = app !== CoreApp.UnifiedAlerting && app !== CoreApp.CloudAlerting;
  const expr = query.expr ?? '';
  const mode: EditorMode = query.editorMode ?? 'code';
  const names = useMetricNames(datasource);
  const [explains, setExplains] = useState(false);
  const [traces, setTraces] = useState(false);
  const replace = (next: MetricsQuery) => {
    onChange(next);
    onRunQuery();
  };
  return (
    <div data-testid="isotherm-query-editor">
      <Toolbar
        mode={mode}
        names={names}
        explains={explains}
        onExplain={setExplains}
        traces={traces}
        onTrace={setTraces}
        onExport={expr.trim() === '' ? undefined : () => datasource.rawSamples(query, range ?? data?.timeRange)}
        onMode={(editorMode) => change({ editorMode })}
        onFormat={mode === 'code' ? () => change({ expr: prettyWithVariables(expr) ?? expr }) : undefined}
        onPreset={(preset) => replace({ ...query, ...preset })}
      />
      {mode === 'latency' && <LatencyEditor datasource={datasource} query={query} onChange={replace} />}
      {mode === 'builder' && <BuilderEditor datasource={datasource} query={query} onChange={replace} />}
      {mode === 'code' ? (
        <div style={{ display: 'flex', marginBottom: 4 }}>
          <PromqlField
            value={expr}
            uid={datasource.uidForLinks}
            onChange={(text) => change({ expr: text })}
            onRun={onRunQuery}
          />
        </div>
      ) : (
        expr !== '' && (
          <pre data-testid="isotherm-expression" style={{ margin: '4px 0', whiteSpace: 'pre-wrap' }}>
            {expr}
          </pre>
        )
      )}
      <Hints expr={expr} known={names} onFix={(fixed) => changeAndRun({ expr: fixed })} />
      {explains && <Explanation expr={expr} />}
      {traces && expr.trim() !== '' && (
        <QueryTrace
          query={query}
          datasource={datasource}
          range={range ?? data?.timeRange}
          intervalMs={data?.request?.intervalMs}
        />
      )}
      <InlineFieldRow>
        {draws && (
          <InlineField label={tr('Format')}>
            <RadioButtonGroup
              options={FORMATS}
              value={query.format ?? 'auto'}
              onChange={(format) => changeAndRun({ format })}
            />
          </InlineField>
        )}
        <InlineField label={tr('Type')}>
          <RadioButtonGroup
            options={TYPES}
            value={kind}
            onChange={(value) => changeAndRun({ range: value !== 'instant', instant: value !== 'range' })}
          />
        </InlineField>
        <InlineField
          label={tr('Legend')}
          tooltip={tr('Labels in double braces, as in {{model}} {{version}}. Empty: the series as PromQL writes it.')}
        >
          <Input
            aria-label={tr('Legend')}
            width={24}
            placeholder={tr('auto')}
            value={query.legendFormat === '__auto' ? '' : (query.legendFormat ?? '')}
            onChange={(event) => change({ legendFormat: event.currentTarget.value })}
            onBlur={onRunQuery}
          />
        </InlineField>
        <InlineField
          label={tr('Min step')}
          tooltip={tr('The least time between points, such as 1m. Empty: the scrape interval of the data source.')}
          invalid={fault !== undefined}
          error={fault}
        >
          <Input
            aria-label={tr('Min step')}
            width={10}
            placeholder={tr('auto')}
            value={query.interval ?? ''}
            onChange={(event) => change({ interval: event.currentTarget.value })}
            onBlur={onRunQuery}
          />
        </InlineField>
        {draws && (
          <InlineField label={tr('Exemplars')}>
            <InlineSwitch
              aria-label={tr('Exemplars')}
              value={query.exemplar === true}
              onChange={(event) => changeAndRun({ exemplar: event.currentTarget.checked })}
            />
          </InlineField>
        )}
        {draws && (
          <InlineField
            label={tr('Live')}
            tooltip={tr(
              'While the time range ends now, each new step is pushed to the panel as it is scraped; nothing is asked again.',
            )}
          >
            <InlineSwitch
              aria-label={tr('Live')}
              value={query.live === true}
              onChange={(event) => changeAndRun({ live: event.currentTarget.checked })}
            />
          </InlineField>
        )}
      </InlineFieldRow>
    </div>
  );
}

interface ToolbarProps {
  readonly mode: EditorMode;
  readonly names: ReadonlySet<string> | undefined;
  readonly explains: boolean;
  readonly onExplain: (explains: boolean) => void;
  readonly traces: boolean;
  readonly onTrace: (traces: boolean) => void;
  /** CSV of the samples that the query reads; absent where there is none. */
  readonly onExport: (() => Promise<string>) | undefined;
  readonly onMode: (mode: EditorMode) => void;
  /** Absent where there is no text to lay out. */
  readonly onFormat: (() => void) | undefined;
  readonly onPreset: (query: Partial<MetricsQuery>) => void;
}

/** Which editor, questions to begin with, and help. */
function Toolbar(props: ToolbarProps): React.JSX.Element {
  const { mode, names, explains, traces, onExplain, onTrace, onExport, onMode, onFormat, onPreset } = props;
  const presets = useMemo(
    () =>
      presetsFor(names ?? new Set()).map((preset) => ({ label: `${preset.system}: ${preset.title}`, value: preset })),
    [names],
  );
  return (
    <div style={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 8, marginBottom: 4 }}>
      <RadioButtonGroup options={EDITORS} value={mode} onChange={onMode} size="sm" />
      {presets.length > 0 && (
        <Select
          aria-label={tr('Start from')}
          width={30}
          placeholder={tr('Start from…')}
          options={presets}
          value={null}
          onChange={({ value }) => value !== undefined && onPreset(value.query)}
        />
      )}
      <Button size="sm" variant="secondary" fill={explains ? 'solid' : 'text'} onClick={() => onExplain(!explains)}>
        {tr('Explain')}
      </Button>
      <Button size="sm" variant="secondary" fill={traces ? 'solid' : 'text'} onClick={() => onTrace(!traces)}>
        {tr('Trace')}
      </Button>
      {onExport !== undefined && <ExportButton csv={onExport} />}
      {onFormat !== undefined && (
        <Button size="sm" variant="secondary" fill="text" onClick={onFormat}>
          {tr('Lay out')}
        </Button>
      )}
    </div>
  );
}

/** Saves what the query reads, and says where that fails. */
function ExportButton({ csv }: { readonly csv: () => Promise<string> }): React.JSX.Element {
  const [state, setState] = useState<'idle' | 'asking' | { readonly error: string }>('idle');
  const save = (): void => {
    setState('asking');
    csv().then(
      (text) => {
        saveFile(new Blob([text], { type: 'text/csv' }), 'samples.csv');
        setState('idle');
      },
      (error: unknown) => setState({ error: error instanceof Error ? error.message : String(error) }),
    );
  };
  return (
    <>
      <Button
        size="sm"
        variant="secondary"
        fill="text"
        disabled={state === 'asking'}
        onClick={save}
        tooltip={tr('All samples that the query reads in this range, as CSV')}
      >
        {tr('Save samples')}
      </Button>
      {typeof state === 'object' && <span role="alert">{state.error}</span>}
    </>
  );
}

/** What is wrong with a min step; variables are judged when they have values. */
function intervalFault(text: string | undefined): string | undefined {
  if (text === undefined || text.trim() === '' || text.includes('$')) return undefined;
  try {
    parseInterval(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
