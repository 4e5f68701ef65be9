import { CoreApp, type QueryEditorProps } from '@grafana/data';
import { InlineField, InlineFieldRow, InlineSwitch, Input, RadioButtonGroup } from '@grafana/ui';
import React from 'react';
import { parseInterval, type MetricsQuery, type QueryFormat } from '../shared/api/grafanaQuery.ts';
import type { MetricsDataSource } from './DataSource.ts';
import type { MetricsOptions } from './options.ts';
import { PromqlField } from './editor/PromqlField.tsx';

type Props = QueryEditorProps<MetricsDataSource, MetricsQuery, MetricsOptions>;

const FORMATS: { label: string; value: QueryFormat; description: string }[] = [
  { label: 'Auto', value: 'auto', description: 'Histograms become heatmaps, all else time series' },
  { label: 'Time series', value: 'time_series', description: 'A line a series, also of buckets' },
  { label: 'Table', value: 'table', description: 'A row a sample, a column a label' },
  { label: 'Heatmap', value: 'heatmap', description: 'Series with the label le, or native histograms' },
];

const TYPES = [
  { label: 'Range', value: 'range', description: 'A value at each step' },
  { label: 'Instant', value: 'instant', description: 'One value, at the end of the range' },
  { label: 'Both', value: 'both' },
];
type QueryKind = 'range' | 'instant' | 'both';

/** One query: its expression, and how it is asked and drawn. Changes are kept as they are typed; the query runs on Enter and when a field is left. */
export function QueryEditor({ query, datasource, app, onChange, onRunQuery }: Props): React.JSX.Element {
  const change = (part: Partial<MetricsQuery>) => onChange({ ...query, ...part });
  const changeAndRun = (part: Partial<MetricsQuery>) => {
    change(part);
    onRunQuery();
  };
  const kind: QueryKind = query.instant !== true ? 'range' : query.range === true ? 'both' : 'instant';
  const fault = intervalFault(query.interval);
  // Alert rules take numbers and series, whatever the format says.
  const draws = app !== CoreApp.UnifiedAlerting && app !== CoreApp.CloudAlerting;
  return (
    <div data-testid="isotherm-query-editor">
      <div style={{ display: 'flex', marginBottom: 4 }}>
        <PromqlField
          value={query.expr ?? ''}
          uid={datasource.uidForLinks}
          onChange={(expr) => change({ expr })}
          onRun={onRunQuery}
        />
      </div>
      <InlineFieldRow>
        {draws && (
          <InlineField label="Format">
            <RadioButtonGroup
              options={FORMATS}
              value={query.format ?? 'auto'}
              onChange={(format) => changeAndRun({ format })}
            />
          </InlineField>
        )}
        <InlineField label="Type">
          <RadioButtonGroup
            options={TYPES}
            value={kind}
            onChange={(value) => changeAndRun({ range: value !== 'instant', instant: value !== 'range' })}
          />
        </InlineField>
        <InlineField
          label="Legend"
          tooltip="Labels in double braces, as in {{model}} {{version}}. Empty: the series as PromQL writes it."
        >
          <Input
            aria-label="Legend"
            width={24}
            placeholder="auto"
            value={query.legendFormat === '__auto' ? '' : (query.legendFormat ?? '')}
            onChange={(event) => change({ legendFormat: event.currentTarget.value })}
            onBlur={onRunQuery}
          />
        </InlineField>
        <InlineField
          label="Min step"
          tooltip="The least time between points, such as 1m. Empty: the scrape interval of the data source."
          invalid={fault !== undefined}
          error={fault}
        >
          <Input
            aria-label="Min step"
            width={10}
            placeholder="auto"
            value={query.interval ?? ''}
            onChange={(event) => change({ interval: event.currentTarget.value })}
            onBlur={onRunQuery}
          />
        </InlineField>
        {draws && (
          <InlineField label="Exemplars">
            <InlineSwitch
              aria-label="Exemplars"
              value={query.exemplar === true}
              onChange={(event) => changeAndRun({ exemplar: event.currentTarget.checked })}
            />
          </InlineField>
        )}
      </InlineFieldRow>
    </div>
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
