import type { SelectableValue } from '@grafana/data';
import { AsyncSelect, Button, InlineField, InlineFieldRow, Select } from '@grafana/ui';
import React from 'react';
import type { LabelFilter } from '../../shared/api/grafanaQuery.ts';
import type { MetricsDataSource } from '../DataSource.ts';
import { tr } from '../../shared/texts/texts.ts';

interface LabelFiltersProps {
  readonly datasource: MetricsDataSource;
  readonly metric: string;
  readonly filters: readonly LabelFilter[];
  readonly onChange: (filters: readonly LabelFilter[]) => void;
}

const OPS: SelectableValue<LabelFilter['op']>[] = [
  { label: '=', value: '=' },
  { label: '!=', value: '!=' },
  { label: '=~', value: '=~', description: tr('matches an RE2 pattern') },
  { label: '!~', value: '!~', description: tr('does not match it') },
];
const asOptions = (texts: readonly string[]): SelectableValue<string>[] =>
  texts.map((text) => ({ label: text, value: text }));
const chosen = (text: string) => (text === '' ? null : { label: text, value: text });

/** Conditions on labels; names and values are those of the metric's own series. */
export function LabelFilters({ datasource, metric, filters, onChange }: LabelFiltersProps): React.JSX.Element {
  const set = (i: number, part: Partial<LabelFilter>) =>
    onChange(filters.map((filter, j) => (i === j ? { ...filter, ...part } : filter)));
  const names = async (text: string) => {
    const found = await datasource.labelNames(metric).catch(() => []);
    return asOptions(found.filter((name) => name !== '__name__' && name !== 'le' && name.includes(text)));
  };
  const values = (name: string) => async (text: string) => {
    const found = await datasource.labelValues(name, metric).catch(() => []);
    return asOptions(found.filter((value) => value.includes(text)));
  };
  return (
    <InlineFieldRow>
      <InlineField label={tr('Filters')} labelWidth={14}>
        <span />
      </InlineField>
      {filters.map((filter, i) => (
        <InlineFieldRow key={`${i} ${metric}`}>
          <AsyncSelect
            aria-label={`Label ${i + 1}`}
            width={20}
            placeholder={tr('Label')}
            loadOptions={names}
            defaultOptions
            allowCustomValue
            value={chosen(filter.name)}
            onChange={({ value }) => set(i, { name: value ?? '', value: '' })}
          />
          <Select
            aria-label={`Operator ${i + 1}`}
            width={8}
            options={OPS}
            value={filter.op}
            onChange={({ value }) => set(i, { op: value ?? '=' })}
          />
          <AsyncSelect
            key={filter.name}
            aria-label={`Value ${i + 1}`}
            width={24}
            placeholder={tr('Value')}
            loadOptions={values(filter.name)}
            defaultOptions
            allowCustomValue
            value={chosen(filter.value)}
            onChange={({ value }) => set(i, { value: value ?? '' })}
          />
          <Button
            variant="secondary"
            icon="times"
            aria-label={tr('Remove filter {0}', i + 1)}
            onClick={() => onChange(filters.filter((_, j) => j !== i))}
          />
        </InlineFieldRow>
      ))}
      <Button variant="secondary" icon="plus" onClick={() => onChange([...filters, { name: '', op: '=', value: '' }])}>
        {tr('Filter')}
      </Button>
    </InlineFieldRow>
  );
}
