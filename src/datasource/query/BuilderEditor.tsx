import type { SelectableValue } from '@grafana/data';
import { InlineField, InlineFieldRow, Input, Select } from '@grafana/ui';
import React from 'react';
import type { BuilderQuery, MetricsQuery } from '../../shared/api/grafanaQuery.ts';
import type { MetricsDataSource } from '../DataSource.ts';
import { AGGREGATE_NUMBERS, AGGREGATES, BUILDER_DEFAULT, builderExpr, builderOf, OVER_TIME } from './builder.ts';
import { LabelFilters } from './LabelFilters.tsx';
import { LabelsSelect } from './LabelsSelect.tsx';
import { MetricSelect } from './MetricSelect.tsx';
import { FIRST_LABEL_WIDTH, NumberField } from './NumberField.tsx';
import { tr } from '../../shared/texts/texts.ts';

const options = (names: readonly string[], none: string): SelectableValue<string>[] => [
  { label: none, value: '' },
  ...names.map((name) => ({ label: name, value: name })),
];
const OVER_TIME_OPTIONS = options(OVER_TIME, tr('as it is'));
const AGGREGATE_OPTIONS = options(AGGREGATES, tr('each series'));

interface BuilderEditorProps {
  readonly datasource: MetricsDataSource;
  readonly query: MetricsQuery;
  readonly onChange: (query: MetricsQuery) => void;
}

/** The expression by its parts. What is more than these parts stays in the code editor. */
export function BuilderEditor({ datasource, query, onChange }: BuilderEditorProps): React.JSX.Element {
  const builder = builderOf(query.expr) ?? query.builder;
  if (builder === undefined)
    return (
      <p>
        {tr('This expression is more than the builder can show; change it as code, or empty it to begin anew here.')}
      </p>
    );
  const set = (part: Partial<BuilderQuery>) => {
    const next = { ...builder, ...part };
    // Half a filter is no PromQL yet, and would be lost if only the expression were kept.
    onChange({ ...query, expr: builderExpr(next), builder: next });
  };
  const shown = query.builder !== undefined && builderExpr(query.builder) === query.expr ? query.builder : builder;
  const number = AGGREGATE_NUMBERS[shown.aggregate as keyof typeof AGGREGATE_NUMBERS];
  return (
    <>
      <InlineFieldRow>
        <MetricSelect
          datasource={datasource}
          label={tr('Metric')}
          value={shown.metric}
          onChange={({ name, type }) => {
            const isCounter = type === 'counter' || /_(total|count|sum|bucket)$/.test(name);
            const fresh = shown.metric === '' && isCounter ? { overTime: 'rate' } : {};
            set({ ...shown, metric: name, ...fresh });
          }}
        />
      </InlineFieldRow>
      <LabelFilters
        datasource={datasource}
        metric={shown.metric}
        filters={shown.filters}
        onChange={(filters) => set({ ...shown, filters })}
      />
      <InlineFieldRow>
        <InlineField label={tr('Over time')} labelWidth={FIRST_LABEL_WIDTH}>
          <Select
            aria-label={tr('Over time')}
            width={22}
            options={OVER_TIME_OPTIONS}
            value={shown.overTime}
            onChange={({ value }) => set({ ...shown, overTime: value ?? '' })}
          />
        </InlineField>
        {shown.overTime !== '' && (
          <InlineField label={tr('Range')}>
            <Input
              aria-label={tr('Range')}
              width={20}
              placeholder="$__rate_interval"
              value={shown.range}
              onChange={(event) => set({ ...shown, range: event.currentTarget.value })}
            />
          </InlineField>
        )}
        <InlineField label={tr('Aggregate')}>
          <Select
            aria-label={tr('Aggregate')}
            width={16}
            options={AGGREGATE_OPTIONS}
            value={shown.aggregate}
            onChange={({ value }) => set({ ...shown, aggregate: value ?? '', number: undefined })}
          />
        </InlineField>
        {number !== undefined && (
          <NumberField
            label={tr('Number')}
            value={shown.number ?? number}
            onChange={(next) => set({ ...shown, number: next })}
          />
        )}
        {shown.aggregate !== '' && (
          <LabelsSelect
            datasource={datasource}
            metric={shown.metric}
            label={tr('By')}
            value={shown.by}
            onChange={(by) => set({ ...shown, by })}
          />
        )}
      </InlineFieldRow>
    </>
  );
}

export { BUILDER_DEFAULT };
