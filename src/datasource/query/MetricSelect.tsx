import type { SelectableValue } from '@grafana/data';
import { AsyncSelect, InlineField } from '@grafana/ui';
import React from 'react';
import type { MetricsDataSource } from '../DataSource.ts';
import type { MetricHit } from './metricSearch.ts';
import { FIRST_LABEL_WIDTH } from './NumberField.tsx';
import { tr } from '../../shared/texts/texts.ts';

interface MetricSelectProps {
  readonly datasource: MetricsDataSource;
  readonly value: string;
  readonly label: string;
  /** Turns what was found into what is offered; all of it if absent. */
  readonly offer?: (hits: readonly MetricHit[]) => MetricHit[];
  readonly onChange: (hit: MetricHit) => void;
}

/** A metric, found by words of its name; its type and help stand below it. A name that is not found may be written all the same. */
export function MetricSelect({ datasource, value, label, offer, onChange }: MetricSelectProps): React.JSX.Element {
  const load = async (text: string): Promise<SelectableValue<MetricHit>[]> => {
    const hits = await datasource.searchMetrics(text).catch(() => []);
    return (offer === undefined ? hits : offer(hits)).map((hit) => ({
      label: hit.name,
      value: hit,
      description: [hit.type, hit.unit, hit.help].filter((part) => part !== '').join(' · '),
    }));
  };
  return (
    <InlineField label={label} labelWidth={FIRST_LABEL_WIDTH}>
      <AsyncSelect
        aria-label={label}
        width={50}
        placeholder={tr('Search by words of the name')}
        loadOptions={load}
        defaultOptions
        allowCustomValue
        value={value === '' ? null : { label: value, value: { name: value, type: '', help: '', unit: '' } }}
        onChange={(chosen: SelectableValue<MetricHit | string>) => {
          const hit = chosen.value;
          if (hit !== undefined) onChange(typeof hit === 'string' ? { name: hit, type: '', help: '', unit: '' } : hit);
        }}
      />
    </InlineField>
  );
}
