import type { SelectableValue } from '@grafana/data';
import { InlineField, InlineFieldRow, Input, RadioButtonGroup } from '@grafana/ui';
import React, { useState } from 'react';
import type { LatencyQuery, MetricsQuery } from '../../shared/api/grafanaQuery.ts';
import type { MetricsDataSource } from '../DataSource.ts';
import { LabelFilters } from './LabelFilters.tsx';
import { LabelsSelect } from './LabelsSelect.tsx';
import { LATENCY_DEFAULT, latencyToQuery, LIMIT_MS_DEFAULT, readQuantiles } from './latency.ts';
import { MetricSelect } from './MetricSelect.tsx';
import type { MetricHit } from './metricSearch.ts';
import { FIRST_LABEL_WIDTH, NumberField } from './NumberField.tsx';
import { tr } from '../../shared/texts/texts.ts';

const SHOWS: SelectableValue<LatencyQuery['show']>[] = [
  { label: tr('Distribution'), value: 'heatmap', description: tr('A heatmap: how many requests took how long') },
  { label: tr('Quantiles'), value: 'quantiles', description: tr('The time below which a share of the requests stays') },
  { label: tr('Within limit'), value: 'within', description: tr('The share of the requests that are fast enough') },
  { label: tr('Requests a second'), value: 'rate' },
];

interface LatencyEditorProps {
  readonly datasource: MetricsDataSource;
  readonly query: MetricsQuery;
  readonly onChange: (query: MetricsQuery) => void;
}

/** How long things take, asked for without PromQL. */
export function LatencyEditor({ datasource, query, onChange }: LatencyEditorProps): React.JSX.Element {
  const latency = query.latency ?? LATENCY_DEFAULT;
  const set = (part: Partial<LatencyQuery>) => onChange(latencyToQuery(query, { ...latency, ...part }));
  const series = latency.isNative === true ? latency.metric : `${latency.metric}_bucket`;
  return (
    <>
      <InlineFieldRow>
        <MetricSelect
          datasource={datasource}
          label={tr('Histogram')}
          value={latency.metric}
          offer={histograms}
          onChange={({ name, type }) => {
            const metric = name.replace(/_bucket$/, '');
            set({ metric, isNative: type === NATIVE && name === metric });
          }}
        />
        <LabelsSelect
          datasource={datasource}
          metric={latency.metric === '' ? '' : series}
          label={tr('Split by')}
          tooltip={tr('A map or a line for each value of these labels')}
          value={latency.splitBy}
          onChange={(splitBy) => set({ splitBy })}
        />
      </InlineFieldRow>
      <LabelFilters
        datasource={datasource}
        metric={latency.metric === '' ? '' : series}
        filters={latency.filters}
        onChange={(filters) => set({ filters })}
      />
      <InlineFieldRow>
        <InlineField label={tr('Show')} labelWidth={FIRST_LABEL_WIDTH}>
          <RadioButtonGroup options={SHOWS} value={latency.show} onChange={(show) => set({ show })} />
        </InlineField>
        {latency.show === 'quantiles' && (
          <QuantilesField value={latency.quantiles} onChange={(quantiles) => set({ quantiles })} />
        )}
        {latency.show === 'within' && (
          <NumberField
            label={tr('Limit, ms')}
            tooltip={tr('Fast enough is what takes no longer than this')}
            value={latency.limitMs ?? LIMIT_MS_DEFAULT}
            onChange={(limitMs) => set({ limitMs: Math.max(0, limitMs) })}
          />
        )}
      </InlineFieldRow>
    </>
  );
}

const NATIVE = tr('native histogram');

/** Of what was found only histograms: classic ones by their buckets, native ones by what their metadata say. */
function histograms(hits: readonly MetricHit[]): MetricHit[] {
  const names = new Set(hits.map(({ name }) => name));
  return hits.flatMap((hit) => {
    if (hit.name.endsWith('_bucket')) return [{ ...hit, name: hit.name.replace(/_bucket$/, '') }];
    const isNative =
      /histogram/.test(hit.type) && !/_(count|sum|created)$/.test(hit.name) && !names.has(`${hit.name}_bucket`);
    return isNative ? [{ ...hit, type: NATIVE }] : [];
  });
}

function QuantilesField({
  value,
  onChange,
}: {
  value: readonly number[];
  onChange: (quantiles: number[]) => void;
}): React.JSX.Element {
  const [text, setText] = useState(value.join(', '));
  const read = readQuantiles(text);
  return (
    <InlineField
      label={tr('Quantiles')}
      tooltip={tr('As 0.99, 99% or p99, with commas between them')}
      invalid={read === undefined}
      error={tr('write 0.5, 95% or p99, with commas between')}
    >
      <Input
        aria-label={tr('Quantiles')}
        width={24}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          const quantiles = readQuantiles(event.currentTarget.value);
          if (quantiles !== undefined) onChange(quantiles);
        }}
      />
    </InlineField>
  );
}
